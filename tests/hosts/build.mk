# Included by the Makefile: what the tests of hosts do in C; they need Linux.
# make pkg-hosts SEEDS=N [SEED=N] [LABS=N] [RESULTS=FILE]: what happens to a package by so
# many seeds, from SEED or 1 on, but those that are in FILE, in so many labs at a time.
# make pkg-hosts-mutants [RESULTS=FILE]: one safeguard of pkg after the other removed.
# make soak HOURS=N [SEED=N]: a cluster on hosts, and whatever can happen to it.

HOSTS = build/tests/hosts
HOSTS_PKG = $(HOSTS)/beat $(HOSTS)/check $(HOSTS)/dog

ifeq ($(shell uname),Linux)
tests: $(HOSTS)/unplug $(HOSTS)/rate.so $(HOSTS)/wall.so $(HOSTS_PKG)
endif

.PHONY: pkg-hosts
pkg-hosts: tests
	tests/hosts/pkg/campaign $(if $(SEED),--from $(SEED)) $(or $(SEEDS),20) $(or $(LABS),2) $(RESULTS)

.PHONY: pkg-hosts-mutants
pkg-hosts-mutants: tests
	tests/hosts/pkg/mutants/run $(RESULTS)

.PHONY: soak
soak: tests
	tests/hosts/soak/run $(or $(HOURS),1) $(SEED)

$(HOSTS)/unplug: tests/hosts/unplug.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $<

$(HOSTS_PKG): $(HOSTS)/%: tests/hosts/pkg/%.c $(LIB) build/flags
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $< $(LIB)

$(HOSTS)/rate.so $(HOSTS)/wall.so: $(HOSTS)/%.so: tests/hosts/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -fPIC -shared -o $@ $<
