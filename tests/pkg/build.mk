# Included by the Makefile: the simulator of pkg's rules, which is made of the very
# objects of pkg/core, and their unit tests.

PKG_RULES = build/tests/pkg/mate build/tests/pkg/rules build/tests/pkg/scenes
PKG_SIM = build/tests/pkg/sim
PKG_SIM_OBJECTS = $(patsubst tests/pkg/%.c,build/tests/pkg/%.o,$(wildcard tests/pkg/sim/*.c))

tests: $(PKG_SIM)/sim $(PKG_RULES)

$(PKG_RULES): %: %.o $(PKG_LIB) $(LIB)
	$(LINK) -o $@ $< $(PKG_LIB) $(LIB)

$(PKG_SIM)/sim: $(PKG_SIM_OBJECTS) $(PKG_LIB) $(LIB)
	$(LINK) -o $@ $(PKG_SIM_OBJECTS) $(PKG_LIB) $(LIB)

$(PKG_RULES:=.o) $(PKG_SIM_OBJECTS): build/tests/pkg/%.o: tests/pkg/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

# More of them: make pkg-sim SEEDS=100000
.PHONY: pkg-sim pkg-mutants
pkg-sim: $(PKG_SIM)/sim
	$(PKG_SIM)/sim 1 $(or $(SEEDS),20000)

pkg-mutants:
	tests/pkg/mutants/run $(SEEDS)

-include $(PKG_SIM_OBJECTS:.o=.d) $(PKG_RULES:=.d)
