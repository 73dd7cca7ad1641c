# Included by the Makefile: the fuzzers, which need clang.  make fuzz SECONDS=n gives
# each so many.

FUZZ = build/fuzz
FUZZ_CC = clang
FUZZ_FLAGS = -std=c99 -D_POSIX_C_SOURCE=200809L -Ilibexec -Ipkg $(WARNINGS) -O1 -g \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_TARGETS = $(patsubst tests/fuzz/%.c,%,$(filter-out %/crc.c,$(wildcard tests/fuzz/*.c)))
FUZZ_OBJECTS = $(patsubst libexec/%.c,$(FUZZ)/%.o,$(filter-out %/crc.c,$(filter-out \
	libexec/client/%,$(LIBRARY)))) $(FUZZ)/crc.o \
	$(patsubst %.c,$(FUZZ)/%.o,$(wildcard pkg/core/*.c)) $(FUZZ)/append.o

.PHONY: fuzz fuzzers
fuzzers: $(FUZZ_TARGETS:%=$(FUZZ)/fuzz-%)

fuzz: fuzzers
	tests/fuzz/run $(SECONDS)

$(FUZZ)/%.o: libexec/%.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

# The step's work without its main().
$(FUZZ)/append.o: $(FUZZ)/step/append.o
	objcopy --localize-symbol=main $< $@

$(FUZZ)/pkg/core/%.o: pkg/core/%.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

$(FUZZ)/%.o: tests/fuzz/%.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

$(FUZZ)/liblite.a: $(FUZZ_OBJECTS)
	rm -f $@
	ar qcs $@ $(FUZZ_OBJECTS)

$(FUZZ)/fuzz-%: $(FUZZ)/%.o $(FUZZ)/liblite.a
	$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $< $(FUZZ)/liblite.a

.SECONDARY: $(FUZZ_TARGETS:%=$(FUZZ)/%.o)

-include $(FUZZ_OBJECTS:.o=.d) $(FUZZ_TARGETS:%=$(FUZZ)/%.d)
