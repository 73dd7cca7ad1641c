# pkg/core/body.c: a status that is unknown is taken for down
s/return status == 1 || status == 3 || status == 7;/return status != 0 \&\& status != 2;/
