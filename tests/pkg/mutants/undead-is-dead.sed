# pkg/core/body.c: what does not die is taken for dead, and status is not asked
s/^	case GUARD_UNDEAD:$/	case GUARD_UNDEAD:\
		guard_killed(p);\
		break;\
		/
s/body_kill(p, status != 0);/body_kill(p, 0);/
