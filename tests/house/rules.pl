#!/usr/bin/perl
# rules.pl FILE...: prints where the files break a rule of the house, as "FILE:LINE: RULE: what". Paths are relative to the root.
# It reads C without its comments and literals, so that a rule may be spoken of.
use strict;
use warnings;

my $banned   = qr/strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|system|popen|alloca/;
my $waits    = qr/sleep|usleep|nanosleep|clock_nanosleep|poll|ppoll|select|pselect|epoll_wait|waitpid|connect|recv|send/;
my $tells    = qr/exit|_exit|quick_exit|abort|perror|syslog|vsyslog|printf|vprintf|puts|putchar/;
my $reads_time = qr/time|clock_gettime|gettimeofday|timespec_get|clock/;
my $line_max = 650;

sub say_it { my ( $file, $line, $rule, $what ) = @_; print "$file:$line: $rule: $what\n"; }

# Comments, strings and character constants become blanks; line ends stay.
sub bare_c {
	my ($text) = @_;
	$text =~ s{(/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}{ my $t = $1; $t =~ s/[^\n]/ /g; $t }gse;
	return $text;
}

sub line_of { my ( $text, $offset ) = @_; return 1 + ( substr( $text, 0, $offset ) =~ tr/\n// ); }

# The arguments of the call whose "(" is at $open.
sub arguments {
	my ( $text, $open ) = @_;
	my ( $depth, @args ) = ( 0, '' );
	for my $c ( split //, substr( $text, $open ) ) {
		if ( $c eq '(' && $depth++ == 0 ) { next }
		if ( $c eq ')' && --$depth == 0 ) { last }
		if ( $c eq ',' && $depth == 1 )   { push @args, ''; next }
		$args[-1] .= $c;
	}
	s/^\s+|\s+$//g for @args;
	return @args;
}

sub includes {
	my ( $file, $text ) = @_;
	my $common = $file =~ m{^common/};
	while ( $text =~ m{^[ \t]*\#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]}mg ) {
		my ( $name, $line ) = ( $2, line_of( $text, $-[0] ) );
		say_it( $file, $line, 'common-never-waits', "includes <$name>" )
			if $common && $name =~ m{^(systemd/|curl/|ares\.h$|sys/socket\.h$|poll\.h$|sys/poll\.h$|sys/epoll\.h$)|(^|/)daemon/};
		say_it( $file, $line, 'common-never-logs', "includes <$name>" )
			if $common && $name eq 'syslog.h' && $file !~ m{^common/(verdict|alert)\.c$}; # they name priorities, no more
		say_it( $file, $line, 'one-store', "includes <$name>" )
			if $name eq 'sqlite3.h' && $file =~ m{^(common|daemon)/} && $file !~ m{^common/(store[a-z_]*\.[ch]|page\.c)$};
		say_it( $file, $line, 'one-voice', "includes <$name>" )
			if $name eq 'systemd/sd-journal.h' && $file ne 'daemon/journal.c';
	}
}

sub calls {
	my ( $file, $text ) = @_;
	while ( $text =~ m{(?<![.>\w])(\w+)\s*\(}g ) {
		my ( $name, $line, $open ) = ( $1, line_of( $text, $-[1] ), $+[0] - 1 );
		say_it( $file, $line, 'banned', "$name()" ) if $name =~ m{^($banned)$};
		if ( $file =~ m{^common/} ) {
			say_it( $file, $line, 'common-never-waits', "$name()" )      if $name =~ m{^($waits)$};
			say_it( $file, $line, 'common-never-logs', "$name()" )       if $name =~ m{^($tells)$};
			say_it( $file, $line, 'common-never-reads-time', "$name()" ) if $name =~ m{^($reads_time)$};
		}
		if ( $name =~ m{^sd_event_add_time(_relative)?$} ) {
			my @args = arguments( $text, $open );
			say_it( $file, $line, 'accuracy', "$name() has no accuracy" ) if @args != 7;
			say_it( $file, $line, 'accuracy', "$name() with 0, which means 250 ms" )
				if @args == 7 && $args[4] =~ m{^\(*(UINT64_C\()?0[uUlL]*\)*$};
		}
	}
}

for my $file (@ARGV) {
	open( my $in, '<', $file ) or die "$file: $!\n";
	local $/;
	my $raw = <$in>;
	close $in;
	say_it( $file, 1, 'secret', 'looks like a key, a database or an environment file' ) if $file =~ m{\.(pem|key|p12|pfx|db|db-wal|env)$|(^|/)id_(rsa|ed25519)$};
	next if $file =~ m{^tests/(fuzz/corpus|house)/};
	say_it( $file, line_of( $raw, $-[0] ), 'secret', 'holds a private key' ) if $raw =~ m{BEGIN [A-Z ]*PRIVATE KEY};
	while ( $raw =~ m{\b(TODO|FIXME|XXX|HACK)\b}g ) { say_it( $file, line_of( $raw, $-[1] ), 'left-for-later', $1 ) }
	next unless $file =~ m{\.([ch]|def)$};
	my $lines = ( $raw =~ tr/\n// );
	say_it( $file, $lines, 'size', "more than $line_max lines" ) if $lines > $line_max && $file =~ m{^(common|daemon)/};
	next unless $file =~ m{\.[ch]$};
	includes( $file, $raw );
	calls( $file, bare_c($raw) );
}
