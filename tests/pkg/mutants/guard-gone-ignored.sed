# pkg/core/body.c: nothing is killed when guard is gone
s/^		act_log(p, "guard is gone: what runs here is killed");$/&\
		p->gone = 0;\
		break;/
