# Included by the Makefile: what the tests of hosts do in C; they need Linux.

HOSTS = build/tests/hosts

ifeq ($(shell uname),Linux)
tests: $(HOSTS)/unplug $(HOSTS)/wall.so
endif

$(HOSTS)/unplug: tests/hosts/unplug.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $<

$(HOSTS)/wall.so: tests/hosts/wall.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -fPIC -shared -o $@ $<
