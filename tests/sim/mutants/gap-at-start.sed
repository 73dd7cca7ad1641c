# libexec/state/scan.c: a gap between snapshot and log is taken (F24)
s/^			if (list\[i\] != st->tail.index + 1) {$/			if (i == 0 \&\& list[0] > st->tail.index + 1) {\
				st->tail.index = list[0] - 1;\
				given = 1;\
			}\
&/
