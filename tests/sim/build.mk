# Included by the Makefile: the simulator, made of the very objects of core/,
# state/, step/ and lead/ over a simulated os/.  Where an object has a main(), a
# copy of it is linked in which that name is local.

SIM = build/tests/sim
SIM_SOURCES = $(wildcard tests/sim/*.c)
SIM_OBJECTS = $(SIM_SOURCES:tests/sim/%.c=$(SIM)/%.o)
SIM_CORE = $(patsubst libexec/%.c,build/%.o,$(wildcard libexec/core/*.c))
SIM_STATE = $(patsubst libexec/%.c,$(SIM)/%.o,$(wildcard libexec/state/*.c))
SIM_STEPS = $(SIM)/step/vote.o $(SIM)/step/append.o
SIM_LEAD = $(patsubst libexec/%.c,$(SIM)/%.o,$(filter-out \
	libexec/lead/main.c,$(LEAD)))

# The steps' mains call what no piece of work may: whatever the real os/ has and
# the simulated one has not ends the run.
SIM_REAL_OS = $(filter build/os/%,$(LIB_OBJECTS))

sim: $(SIM)/sim

tests: $(SIM)/sim

SIM_ALL = $(SIM_OBJECTS) $(SIM_CORE) $(SIM_STATE) $(SIM_STEPS) $(SIM_LEAD) \
	$(LIN_CHECKER) $(SIM)/rest.ld

$(SIM)/sim: $(SIM_ALL)
	$(LINK) -o $@ $(SIM_ALL)

$(SIM)/rest.ld: $(SIM_REAL_OS)
	@mkdir -p $(@D)
	nm -g $(SIM_REAL_OS) | \
		sed -n 's/.* T \(.*\)/PROVIDE(\1 = not_simulated);/p' >$@

$(SIM_OBJECTS): $(SIM)/%.o: tests/sim/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

$(SIM_STEPS): $(SIM)/%.o: build/%.o
	@mkdir -p $(@D)
	objcopy --localize-symbol=main $< $@

# The store's window of request ids is 262,144 entries: here it may be small.
$(SIM_LEAD) $(SIM_STATE): $(SIM)/%.o: build/%.o
	@mkdir -p $(@D)
	objcopy --redefine-sym store_new=sim_store_new $< $@

-include $(SIM_OBJECTS:.o=.d)
