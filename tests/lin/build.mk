# Included by the Makefile: the linearizability checker, and what its tests make
# histories with.

LIN = build/tests/lin
LIN_MAINS = check random
LIN_OBJECTS = $(patsubst tests/lin/%.c,$(LIN)/%.o,$(wildcard tests/lin/*.c))
LIN_CHECKER = $(addprefix $(LIN)/,classes.o lin.o model.o names.o report.o search.o)
LIN_PROGRAMS = $(addprefix $(LIN)/,$(filter $(LIN_MAINS), \
	$(basename $(notdir $(wildcard tests/lin/*.c)))))

tests: $(LIN_PROGRAMS)

$(LIN)/check $(LIN)/random: %: %.o $(LIN_CHECKER) $(LIB)
	$(LINK) -o $@ $< $(LIN_CHECKER) $(LIB)

$(LIN_OBJECTS): $(LIN)/%.o: tests/lin/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

-include $(LIN_OBJECTS:.o=.d)
