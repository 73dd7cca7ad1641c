# libexec/state/scan.c: what never reached the disk counts as damage (F42)
s/return zeros > r.zeros;/return 0;/
