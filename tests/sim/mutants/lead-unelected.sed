# libexec/lead/commit.c: whoever was a candidate leads whatever term it is (F4)
s/return "it was not elected in this term";/return NULL;/
