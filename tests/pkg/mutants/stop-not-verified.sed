# pkg/core/body.c: after a stop that failed status is not asked
s/body_kill(p, status != 0);/body_kill(p, 0);/
