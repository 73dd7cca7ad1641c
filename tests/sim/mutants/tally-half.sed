# libexec/core/members.c: half of the members are a majority
s/return old_yes > old \/ 2 && new_yes > new \/ 2;/return 2 * old_yes >= old \&\& 2 * new_yes >= new;/
