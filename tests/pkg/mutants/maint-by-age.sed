# pkg/core/lease.c: a package under maintenance is taken for its age
s/l->state == LEASE_STOPPING;/l->state == LEASE_STOPPING || l->state == LEASE_MAINT;/; s/return l->state == LEASE_STUCK || l->state == LEASE_MAINT;/return l->state == LEASE_STUCK;/
