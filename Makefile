# make          builds every program beside its source; objects go to build/
# make test     runs all tests that need no root
# make lint     what must be clean before a commit
# make bench    measures it, beside etcd; make bench-plot draws it
# make sim SEEDS=n  runs so many seeds of the simulator; JOBS=n, so many at once
# make mutants  breaks it in one way after the other: which test notices
# make fuzz     gives each fuzzer of tests/fuzz ten seconds, or SECONDS=n
# make faults   each step, a leader and the scripts, killed and failing at each of their
#               system calls, an hour or more
# make bits     a small node with each of its bits flipped, an hour; STEP=n, one in n
# make asan     the same programs under ASan and UBSan; make alone undoes it
# make static   the same programs, which need no C library; make alone undoes it
# make soak HOURS=n  a cluster on hosts, harmed for so long (tests/hosts/build.mk)
# make pkg-hosts  a package on hosts, and what happens to it by seeds (tests/hosts/build.mk)

CC = cc
CFLAGS = -O2 -g
LDFLAGS =
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wmissing-prototypes -Werror
SANITIZE = -O1 -g -fsanitize=address,undefined -fno-omit-frame-pointer \
	-fno-sanitize-recover=all

COMPILE = $(CC) -std=c99 -D_POSIX_C_SOURCE=200809L -Ilibexec -Ipkg $(WARNINGS) $(CFLAGS)
LINK = $(CC) $(CFLAGS) $(LDFLAGS)
LIB = build/liblite.a

# Each of these has a main(); a program is called as its source is.
MAINS = $(wildcard libexec/os/hold.c libexec/os/measure.c libexec/os/node.c libexec/os/replace.c \
	libexec/os/zeros.c libexec/step/*.c libexec/link/*.c)
LEAD = $(wildcard libexec/lead/*.c)
LIBRARY = $(filter-out $(MAINS),$(wildcard libexec/core/*.c libexec/os/*.c \
	libexec/state/*.c libexec/client/*.c libexec/node/*.c))
DRIVERS = $(wildcard tests/unit/*.c)

PROGRAMS = $(MAINS:.c=) $(if $(wildcard libexec/lead/main.c),libexec/lead/lead)
TESTS = $(DRIVERS:tests/unit/%.c=build/tests/%)
VARIANTS = build/tests/loop_poll build/tests/num_table
LIB_OBJECTS = $(LIBRARY:libexec/%.c=build/%.o)
LEAD_OBJECTS = $(LEAD:libexec/%.c=build/%.o)
MAIN_OBJECTS = $(MAINS:libexec/%.c=build/%.o)
OBJECTS = $(LIB_OBJECTS) $(LEAD_OBJECTS) $(MAIN_OBJECTS) $(TESTS:=.o)

# What lint and format look at: all that is in git, or could be.
FILES = git ls-files --cached --others --exclude-standard
C_FILES = $(shell $(FILES) '*.c' | sort -u)
C_AND_H = $(shell $(FILES) '*.[ch]' | sort -u)
SCRIPTS = $(shell $(FILES) | sort -u | while IFS= read -r file; do \
	case $$file in (*.sh) printf '%s\n' "$$file"; continue ;; esac; \
	head -n 1 "$$file" | grep -q '^.!/bin/sh' && printf '%s\n' "$$file"; done)
CPPCHECK = cppcheck -q --std=c99 --enable=warning,performance,portability \
	--error-exitcode=1 -Ilibexec -Ipkg

.PHONY: all asan clean format lint lint-c lint-format lint-man lint-scripts lint-tidy sim \
	test tests FORCE

all: $(PROGRAMS)

$(MAINS:.c=): libexec/%: build/%.o $(LIB)
	$(LINK) -o $@ $< $(LIB)

libexec/lead/lead: $(LEAD_OBJECTS) $(LIB)
	$(LINK) -o $@ $(LEAD_OBJECTS) $(LIB)

# Made anew, so that it never holds an object whose source is gone; with q, two
# folders may have a file of one name.
$(LIB): $(LIB_OBJECTS) build/sources
	rm -f $@
	ar qcs $@ $(LIB_OBJECTS)

build/%.o: libexec/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

build/tests/%.o: tests/unit/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

$(TESTS): %: %.o $(LIB)
	$(LINK) -o $@ $(filter %.o,$^) $(LIB)

build/tests/gather: build/lead/gather.o
build/tests/stream build/tests/watches build/tests/held: $(filter-out build/lead/main.o,$(LEAD_OBJECTS))

# What this machine would not choose is tested too.
build/tests/loop_poll: build/tests/loop.o libexec/os/loop.c $(LIB)
	$(COMPILE) -DLOOP_POLL -o $@ build/tests/loop.o libexec/os/loop.c $(LIB)

build/tests/num_table: build/tests/num.o libexec/core/crc.c libexec/core/num.c $(LIB)
	$(COMPILE) -DCRC_TABLE -DNUM_BYTEWISE -o $@ build/tests/num.o libexec/core/crc.c \
		libexec/core/num.c $(LIB)

# Both change only when what they say does.
build/flags: FORCE
	@mkdir -p build
	@printf '%s\n' '$(COMPILE) $(LDFLAGS)' | cmp -s - $@ || \
		printf '%s\n' '$(COMPILE) $(LDFLAGS)' >$@

build/sources: FORCE
	@mkdir -p build
	@printf '%s\n' '$(LIBRARY)' | cmp -s - $@ || printf '%s\n' '$(LIBRARY)' >$@

tests: all $(TESTS) $(VARIANTS)

test: tests
	tests/run

.PHONY: faults
faults:
	LITE_RAFT_FAULTS=all LITE_RAFT_TEST_LIMIT=36000 tests/run tests/unit/faults.bats \
		tests/unit/lead_faults.bats tests/unit/script_faults.bats

asan:
	$(MAKE) CFLAGS='$(SANITIZE)' tests

lint: lint-c lint-format lint-man lint-scripts lint-tidy

# tests/sim is a world of its own, with another os.h behind it.
lint-c:
	$(CPPCHECK) $(filter-out tests/sim/%,$(C_FILES))
	$(CPPCHECK) $(filter tests/sim/%,$(C_FILES))

lint-format:
	clang-format --dry-run -Werror $(C_AND_H)

lint-man:
	mandoc -Tlint -Wwarning man/*.[1-9]

lint-scripts:
	@printf "%s\n" $(SCRIPTS) | xargs -n 1 -P 2 shellcheck -x -P SCRIPTDIR:.:pkg/libexec -s sh
	shfmt -ln posix -d $(SCRIPTS)
	awk -f tests/lib/not.awk $$($(FILES) 'tests/*.bats' 'tests/*.bash')

lint-tidy:
	printf '%s\n' $(C_FILES) | xargs -n 4 -P 2 sh -c \
		'said=$$(clang-tidy --quiet "$$@" -- $(filter -std% -D% -I%,$(COMPILE)) 2>&1) || \
		{ printf "%s\n" "$$said"; exit 1; }' sh

format:
	clang-format -i $(C_AND_H)
	shfmt -ln posix -w $(SCRIPTS)

clean:
	rm -rf build $(PROGRAMS) $(PKG_PROGRAMS)

-include $(OBJECTS:.o=.d)
-include pkg/build.mk
-include tests/lin/build.mk
-include tests/sim/build.mk
-include tests/bits/build.mk
-include tests/pkg/build.mk
-include tests/fuzz/build.mk
-include tests/bench/build.mk
-include tests/mutants/build.mk
-include tests/hosts/build.mk
