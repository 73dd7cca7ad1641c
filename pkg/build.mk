# Included by the Makefile: pkg, which works when its folder is copied alone.  Its
# rules (pkg/core) and what it asks of the host (pkg/os) are a library of their own;
# they use lite-raft's core/ and os/ at link time.

PKG_LIB = build/libpkg.a
PKG_MAINS = $(wildcard pkg/os/announce.c pkg/os/apart.c pkg/os/guard.c pkg/os/local.c \
	pkg/os/monitor.c \
	pkg/os/settings.c pkg/os/within.c)
PKG_PROGRAMS = $(PKG_MAINS:pkg/os/%.c=pkg/libexec/%)
PKG_OBJECTS = $(patsubst pkg/%.c,build/pkg/%.o,\
	$(filter-out $(PKG_MAINS),$(wildcard pkg/core/*.c pkg/os/*.c)))
PKG_MAIN_OBJECTS = $(PKG_MAINS:pkg/%.c=build/pkg/%.o)

all: $(PKG_LIB) $(PKG_PROGRAMS)

$(PKG_PROGRAMS): pkg/libexec/%: build/pkg/os/%.o $(PKG_LIB) $(LIB)
	$(LINK) -o $@ $< $(PKG_LIB) $(LIB)

$(PKG_LIB): $(PKG_OBJECTS) build/pkg/sources
	rm -f $@
	ar qcs $@ $(PKG_OBJECTS)

build/pkg/%.o: pkg/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

build/pkg/sources: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(PKG_OBJECTS)' | cmp -s - $@ || printf '%s\n' '$(PKG_OBJECTS)' >$@

# Every program in itself, for hosts that lack this one's C library.
.PHONY: static
static:
	$(MAKE) LDFLAGS='$(LDFLAGS) -static' all

-include $(PKG_OBJECTS:.o=.d) $(PKG_MAIN_OBJECTS:.o=.d)

# What stands for the monitor in guard's tests.
FEIGN = build/tests/pkg/feign

tests: $(FEIGN) build/tests/pkg/guard_plain

# What this machine would not choose is tested too.
build/tests/pkg/guard_plain: build/pkg/os/guard.o pkg/os/family.c pkg/os/host.c $(PKG_LIB) $(LIB)
	$(COMPILE) -DFAMILY_PLAIN -DRESET_ON_FORK=0 -o $@ build/pkg/os/guard.o pkg/os/family.c \
		pkg/os/host.c $(PKG_LIB) $(LIB)

$(FEIGN): %: %.o $(PKG_LIB) $(LIB)
	$(LINK) -o $@ $< $(PKG_LIB) $(LIB)

build/tests/pkg/%.o: tests/pkg/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

-include $(FEIGN:=.d)
