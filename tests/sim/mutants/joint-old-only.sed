# libexec/core/members.c: the old majority alone decides
s/return old_yes > old \/ 2 \&\& new_yes > new \/ 2;/return old_yes > old \/ 2;/
