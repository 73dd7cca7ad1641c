# libexec/core/rules.c: half of the members commit
s/if (count > n \/ 2 && match\[i\] > best)/if (count * 2 >= n \&\& match[i] > best)/
