# Included by the Makefile: the simulator, made of the very objects of core/, state/,
# lead/ and of step/'s vote and append over a simulated os/.  Where an object has a
# main(), a copy of it is linked in which that name is local.  step/snapshot.c,
# step/timer.c, lead/main.c and libexec/node/ are not in it: compact.c, transfer.c,
# leading.c, start.c, greet.c and node.c here play their parts.

SIM = build/tests/sim
SIM_SOURCES = $(wildcard tests/sim/*.c)
SIM_OBJECTS = $(SIM_SOURCES:tests/sim/%.c=$(SIM)/%.o)
SIM_CORE = $(patsubst libexec/%.c,$(SIM)/%.o,$(wildcard libexec/core/*.c))
SIM_STATE = $(patsubst libexec/%.c,$(SIM)/%.o,$(wildcard libexec/state/*.c))
SIM_STEPS = $(SIM)/step/vote.o $(SIM)/step/append.o
SIM_LEAD = $(patsubst libexec/%.c,$(SIM)/%.o,$(filter-out \
	libexec/lead/main.c,$(LEAD)))

# The steps' mains call what no piece of work may: whatever the real os/ has and
# the simulated one has not ends the run.
SIM_REAL_OS = $(filter build/os/%,$(LIB_OBJECTS))

# make sim SEEDS=n runs so many, from SEED=1 on, JOBS=1 at once.
sim: $(SIM)/sim
ifdef SEEDS
	$(SIM)/sim --progress --jobs $(or $(JOBS),1) $(or $(SEED),1) $(SEEDS)
endif

tests: $(SIM)/sim

SIM_ALL = $(SIM_OBJECTS) $(SIM_CORE) $(SIM_STATE) $(SIM_STEPS) $(SIM_LEAD) \
	$(LIN_CHECKER) $(SIM)/rest.ld

$(SIM)/sim: $(SIM_ALL)
	$(LINK) -o $@ $(SIM_ALL)

$(SIM)/rest.ld: $(SIM_REAL_OS)
	@mkdir -p $(@D)
	{ nm -g $(SIM_REAL_OS) | sed -n 's/.* T \(.*\)/PROVIDE(\1 = not_simulated);/p'; \
		printf 'PROVIDE(wall_%s = wall_time);\n' clock_gettime gettimeofday; } >$@

$(SIM_OBJECTS): $(SIM)/%.o: tests/sim/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

# No piece of work may look at wall time: whoever does ends the run.
SIM_WALL = $(foreach f,time clock_gettime gettimeofday,--redefine-sym $f=wall_$f)

# Half of a run would go into printf.  The store's window of request ids is 262,144
# entries: here it may be small.
SIM_PRINT = --redefine-sym snprintf=sim_snprintf --redefine-sym vsnprintf=sim_vsnprintf
SIM_STORE = --redefine-sym store_new=sim_store_new

$(SIM_CORE): $(SIM)/%.o: build/%.o tests/sim/build.mk
	@mkdir -p $(@D)
	objcopy $(SIM_PRINT) $(SIM_WALL) $< $@

$(SIM_STEPS): $(SIM)/%.o: build/%.o tests/sim/build.mk
	@mkdir -p $(@D)
	objcopy $(SIM_PRINT) $(SIM_WALL) --localize-symbol=main $< $@

$(SIM_LEAD) $(SIM_STATE): $(SIM)/%.o: build/%.o tests/sim/build.mk
	@mkdir -p $(@D)
	objcopy $(SIM_PRINT) $(SIM_WALL) $(SIM_STORE) $< $@

-include $(SIM_OBJECTS:.o=.d)
