# libexec/state/scan.c: what rots is cut like what never reached the disk
s/found == SCAN_TORN &&/found != SCAN_WHOLE \&\&/
