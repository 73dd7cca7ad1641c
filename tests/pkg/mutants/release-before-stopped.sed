# pkg/core/write.c: the lease is given away while the package stops
s/if (p->body == BODY_NONE \&\& p->give.on)/if (p->give.on)/
