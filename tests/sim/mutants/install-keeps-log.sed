# libexec/state/install.c: a log that does not fit is kept
s/if (fits == -1 || (!fits \&\& log_drop(st) == -1))/if (fits == -1)/
