# Included by the Makefile: what the tests of hosts do in C; they need Linux.

HOSTS = build/tests/hosts

ifeq ($(shell uname),Linux)
tests: $(HOSTS)/unplug
endif

$(HOSTS)/unplug: tests/hosts/unplug.c build/flags
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $<
