# Included by the Makefile: faults that the tests have to notice; takes hours, and
# goes on where it was ended.

.PHONY: mutants

mutants:
	tests/mutants/run
