/* nsinit resume USER: the end of nsinit pause. */
#include "nsinit.h"

int nsinit_resume(const struct nsinit_options *options)
{
	return nsinit_pause_or_resume(options, false);
}
