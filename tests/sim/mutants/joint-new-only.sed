# libexec/core/members.c: the new majority alone decides (F28)
s/return old_yes > old \/ 2 \&\& new_yes > new \/ 2;/return new_yes > new \/ 2;/
