# Included by the Makefile: pkg, which works when its folder is copied alone.  Its
# rules (pkg/core) are a library of their own; they use lite-raft's core/ at link time.

PKG_LIB = build/libpkg.a
PKG_OBJECTS = $(patsubst pkg/%.c,build/pkg/%.o,$(wildcard pkg/core/*.c))

all: $(PKG_LIB)

$(PKG_LIB): $(PKG_OBJECTS) build/pkg/sources
	rm -f $@
	ar qcs $@ $(PKG_OBJECTS)

build/pkg/%.o: pkg/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

build/pkg/sources: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(PKG_OBJECTS)' | cmp -s - $@ || printf '%s\n' '$(PKG_OBJECTS)' >$@

-include $(PKG_OBJECTS:.o=.d)
