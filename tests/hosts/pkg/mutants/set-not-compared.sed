# pkg/core/write.c: a write is carried out whatever the value is by then
s/buf_str(b, "if pkg\/") == -1/buf_str(b, "set pkg\/") == -1/
s/^	    buf_str(b, p->seen.present ? "\/lease = " : "\/lease absent") == -1 ||$/	    buf_str(b, "\/lease ") == -1 ||/
s/^	    (p->seen.present && words_put(b, p->seen.text, p->seen.len) == -1) ||$//
s/^	    buf_str(b, " set ") == -1 || words_put/	    words_put/
