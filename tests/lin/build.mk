# Included by the Makefile: the linearizability checker, what its tests make
# histories with, and the driver that writes down those of real clusters.

LIN = build/tests/lin
LIN_OBJECTS = $(patsubst tests/lin/%.c,$(LIN)/%.o,$(wildcard tests/lin/*.c))
LIN_CHECKER = $(addprefix $(LIN)/,classes.o lin.o model.o names.o report.o search.o)
LIN_DRIVER = $(filter $(LIN)/drive_%.o,$(LIN_OBJECTS))

tests: $(LIN)/check $(LIN)/random $(LIN)/drive

$(LIN)/check $(LIN)/random: %: %.o $(LIN_CHECKER) $(LIB)
	$(LINK) -o $@ $< $(LIN_CHECKER) $(LIB)

$(LIN)/drive: %: %.o $(LIN_DRIVER) $(LIB)
	$(LINK) -o $@ $< $(LIN_DRIVER) $(LIB)

$(LIN_OBJECTS): $(LIN)/%.o: tests/lin/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

-include $(LIN_OBJECTS:.o=.d)
