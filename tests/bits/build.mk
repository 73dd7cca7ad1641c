# Included by the Makefile: a node whose files are flipped bit for bit.  It does as
# the steps do, with their own objects.

BITS = build/tests/bits
BITS_STEPS = $(BITS)/vote.o $(BITS)/append.o
BITS_OBJECTS = $(patsubst tests/bits/%.c,$(BITS)/%.o,$(wildcard tests/bits/*.c))

tests: $(BITS)/bits

$(BITS)/bits: $(BITS_OBJECTS) $(BITS_STEPS) $(LIB)
	$(LINK) -o $@ $(BITS_OBJECTS) $(BITS_STEPS) $(LIB)

$(BITS_STEPS): $(BITS)/%.o: build/step/%.o
	@mkdir -p $(@D)
	objcopy --localize-symbol=main $< $@

$(BITS_OBJECTS): $(BITS)/%.o: tests/bits/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

# All of them, where nothing waits for a disk.
.PHONY: bits
bits: $(BITS)/bits
	@work=$$(mktemp -d -p "$${TMPDIR:-/dev/shm}") && cd "$$work" && \
		{ '$(CURDIR)/$(BITS)/bits' $(STEP); status=$$?; rm -rf "$$work"; exit $$status; }

-include $(BITS_OBJECTS:.o=.d)
