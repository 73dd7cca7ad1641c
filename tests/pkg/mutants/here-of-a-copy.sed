# pkg/os/monitor.c: what is said to run here is believed in a copy of the directory, too
# by: tests/pkg/monitor.bats -f F62
s/^	    m\.mark, maint/	    "-", maint/; s/m\.boot, m\.mark)/m.boot, "-")/
