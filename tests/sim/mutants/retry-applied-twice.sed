# libexec/lead/commit.c: request ids are not looked at (F37)
s/NULL : &r->id,/NULL : NULL,/
