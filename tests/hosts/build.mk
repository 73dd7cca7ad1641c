# Included by the Makefile: what the tests of hosts do in C; they need Linux.

HOSTS = build/tests/hosts
HOSTS_PKG = $(HOSTS)/beat $(HOSTS)/check $(HOSTS)/dog

ifeq ($(shell uname),Linux)
tests: $(HOSTS)/unplug $(HOSTS)/rate.so $(HOSTS)/wall.so $(HOSTS_PKG)
endif

$(HOSTS)/unplug: tests/hosts/unplug.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $<

$(HOSTS_PKG): $(HOSTS)/%: tests/hosts/pkg/%.c $(LIB) build/flags
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $< $(LIB)

$(HOSTS)/rate.so $(HOSTS)/wall.so: $(HOSTS)/%.so: tests/hosts/%.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -fPIC -shared -o $@ $<
