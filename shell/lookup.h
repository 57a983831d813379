/* What nsshell-lookup prints: the user's name, and these where they hold. */
#ifndef NSC_SHELL_LOOKUP_H
#define NSC_SHELL_LOOKUP_H

#define NSC_LOOKUP NSC_LIBEXECDIR "/nsshell-lookup"

#define NSC_LOOKUP_BREAK_GLASS "break-glass"
#define NSC_LOOKUP_CHANGED "changed"

#endif
