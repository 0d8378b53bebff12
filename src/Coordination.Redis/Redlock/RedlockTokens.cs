namespace Coordination.Redis;

/// <summary>What to propose as a token (rule 16): the masters' time as the local clock carries it on, and never below what was seen.</summary>
/// <remarks>
/// What was seen is kept as an offset of the local clock: as a number, a client whose clock is slow would be behind again at once. Nothing rests on these
/// clocks: a proposal that is too low is refused, and one that is too high lifts later ones. How far, is bounded: an offset beyond the masters'
/// time and <see cref="Bound"/> is not kept.
/// </remarks>
internal sealed class RedlockTokens(TimeProvider time)
{
    /// <summary>How far ahead of the masters' time proposals may be, in microseconds. The floor of a set that is admitted as a whole is as far ahead.</summary>
    public const long Bound = 10_000_000;

    private readonly Lock _gate = new();
    private long _masters = long.MinValue;
    private long _ahead;
    private long _last;

    private long Local => (long)time.GetElapsedTime(0).TotalMicroseconds;

    /// <summary>Whether the masters' time is known.</summary>
    public bool IsSet => Volatile.Read(ref _masters) != long.MinValue;

    /// <summary>Takes the masters' time down.</summary>
    /// <param name="clock">What the one in the middle says, in microseconds.</param>
    /// <param name="asked">When it was asked, by the local clock: it read its clock about half-way between then and now.</param>
    public void Set(long clock, TimeSpan asked)
    {
        lock (_gate)
        {
            var known = _masters;
            _masters = clock - (((long)asked.TotalMicroseconds + Local) / 2);
            if (known != long.MinValue)
            {
                _ahead = Math.Clamp(known + _ahead - _masters, 0, Bound);
            }
        }
    }

    /// <summary>A proposal that no earlier one of this backend equals.</summary>
    /// <param name="above">It is greater than this.</param>
    /// <returns>The token.</returns>
    public long Propose(long above = 0)
    {
        lock (_gate)
        {
            var token = Math.Max(Math.Max(Local + _masters + _ahead, _last + 1), above + 1);
            if (token - Local - _masters <= Bound)
            {
                _last = token;
            }

            return token;
        }
    }

    /// <summary>A register was seen.</summary>
    /// <param name="register">What it said.</param>
    public void Saw(long register)
    {
        lock (_gate)
        {
            var ahead = register - Local - _masters;
            if (ahead > _ahead && ahead <= Bound)
            {
                _ahead = ahead;
            }
        }
    }
}
