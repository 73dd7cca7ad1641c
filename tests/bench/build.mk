# Included by the Makefile: what measures (tests/bench/run is the rest of it).

BENCH = build/tests/bench
BENCH_PROGRAMS = $(BENCH)/load $(BENCH)/probe
BENCH_OBJECTS = $(BENCH_PROGRAMS:=.o) $(BENCH)/sample.o

.PHONY: bench bench-plot

# BENCH=full takes as long as it takes.
bench: all $(BENCH_PROGRAMS)
	tests/bench/run

bench-plot: all $(BENCH_PROGRAMS)
	tests/bench/run plot

tests: $(BENCH_PROGRAMS)

$(BENCH_PROGRAMS): %: %.o $(BENCH)/sample.o $(LIB)
	$(LINK) -o $@ $< $(BENCH)/sample.o $(LIB)

$(BENCH_OBJECTS): $(BENCH)/%.o: tests/bench/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

-include $(BENCH_OBJECTS:.o=.d)
