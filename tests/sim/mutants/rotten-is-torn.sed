# libexec/state/scan.c: what rots is cut like what never reached the disk
s/^	\(.*\)if (found == SCAN_TORN)/	\1if (found != SCAN_WHOLE)/
