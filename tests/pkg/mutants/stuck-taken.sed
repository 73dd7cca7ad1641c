# pkg/core/lease.c: a stuck package is taken like one that is free
s/return l->state == LEASE_STUCK || l->state == LEASE_MAINT;/return l->state == LEASE_MAINT;/
