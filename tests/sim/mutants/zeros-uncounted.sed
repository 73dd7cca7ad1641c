# libexec/core/record.c: zero sectors of a payload are not accounted for (F42)
s/^	put_decimal(p + AT_ZEROS, 4, r->zeros);$/	put_decimal(p + AT_ZEROS, 4, r->zeros = 9999);/
