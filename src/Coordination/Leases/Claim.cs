using Coordination.Backends;

namespace Coordination.Leases;

/// <summary>Where a claim is in its life. It only ever moves down this list.</summary>
internal enum ClaimState
{
    /// <summary>Sent, or about to be; not answered yet.</summary>
    Entering,

    /// <summary>In the queue.</summary>
    Waiting,

    /// <summary>Granted: a lease.</summary>
    Held,

    /// <summary>Was held, and can no longer be guaranteed.</summary>
    Lost,

    /// <summary>Released or detached by its owner, or given up while it waited.</summary>
    Released,

    /// <summary>Was waiting, and is no longer at the server: its caller queues anew.</summary>
    Gone,
}

/// <summary>
/// One claim as the engine sees it: the state machine behind a lease. All that changes is guarded by the session's lock, and every
/// method here that has no lock of its own says so by its callers: <see cref="Session"/> and nobody else.
/// </summary>
internal sealed class Claim(Session session, ClaimKey key, ClaimTemplate template)
{
    private TimeSpan? _guaranteed;
    private TaskCompletionSource? _wake;
    private bool _woken;
    private const int NotCounted = 0, Counted = 1, Ended = 2;
    private CancellationTokenSource? _lost;
    private int _count;

    public Session Session { get; } = session;

    public ClaimKey Key { get; } = key;

    public ClaimTemplate Template { get; } = template;

    /// <summary>Its place among all claims of the session, by age.</summary>
    public long Number { get; set; }

    public ClaimState State { get; private set; }

    public FencingToken Token { get; private set; }

    /// <summary>Set when a grant outran the reply of the claim that it grants.</summary>
    public bool IsGrantPending { get; private set; }

    /// <summary>When the claim was first sent. Its id is good until a duration later, unless it was acknowledged.</summary>
    public TimeSpan? FirstSend { get; private set; }

    public TimeSpan HeldSince { get; private set; }

    /// <summary>The end of a lease that is renewed by hand.</summary>
    public TimeSpan End { get; set; } = TimeSpan.MaxValue;

    /// <summary>When a waiting claim asks again, because time alone may have brought its turn.</summary>
    public TimeSpan RecheckAt { get; set; } = TimeSpan.MaxValue;

    /// <summary>When a waiting caller's time is up.</summary>
    public TimeSpan GiveUpAt { get; set; } = TimeSpan.MaxValue;

    /// <summary>A hint said, or the time came: ask again.</summary>
    public bool MustAsk { get; set; }

    /// <summary>
    /// The last fault since the store last answered for this claim, or none. Tells a waiter whether its time was up because of others or of an outage. The
    /// claim's own: one part of a store may be out of reach while others answer.
    /// </summary>
    public CoordinationException? Outage { get; set; }

    public CoordinationException Failed(CoordinationException exception)
    {
        if (exception.IsTransient)
        {
            Outage = exception;
        }

        return exception;
    }

    public bool TakeMustAsk()
    {
        var must = MustAsk;
        MustAsk = false;
        return must;
    }

    /// <summary>When a lost claim is released: at the end of its margin, so that the holder has the promised time to stop.</summary>
    public TimeSpan ReleaseAt { get; private set; } = TimeSpan.MaxValue;

    /// <summary>The release under way or done, so that a second call waits for the first.</summary>
    public Task? ReleaseTask { get; set; }

    /// <summary>Whether the loss was told; it is told once.</summary>
    public bool IsTold { get; set; }

    /// <summary>Counts it as a lease that is held, once, unless it has ended already.</summary>
    public bool TryCount() => Interlocked.CompareExchange(ref _count, Counted, NotCounted) == NotCounted;

    /// <summary>Its end, once.</summary>
    /// <returns>Whether it was counted.</returns>
    public bool TryUncount() => Interlocked.Exchange(ref _count, Ended) == Counted;

    /// <summary>Whether the server keeps the claim for a time of its own, as Redis does, and not as long as the session.</summary>
    public bool HasOwnGuarantee => _guaranteed is not null;

    /// <summary>Until when the server certainly keeps the claim.</summary>
    public TimeSpan GuaranteedUntil => _guaranteed ?? Session.GuaranteedUntil;

    /// <summary>When holding ends unless it is confirmed again.</summary>
    public TimeSpan LostAt => (GuaranteedUntil < End ? GuaranteedUntil : End) - Session.MarginFor(Template.Terms);

    /// <summary>The next moment at which the clock alone changes something about this claim.</summary>
    public TimeSpan NextDue => State switch
    {
        ClaimState.Waiting => Earliest(GuaranteedUntil, RecheckAt, GiveUpAt),
        ClaimState.Held => LostAt,
        ClaimState.Lost => ReleaseAt,
        _ => TimeSpan.MaxValue,
    };

    /// <summary>Whether it was sent more than once, so that a copy may still be under way when another was answered.</summary>
    public bool WasSentAgain { get; private set; }

    public void Sent(TimeSpan now)
    {
        WasSentAgain |= FirstSend is not null;
        FirstSend ??= now;
    }

    /// <summary>Moves the guarantee forward. A confirmation that comes after the old guarantee has ended revives nothing.</summary>
    public bool TryConfirm(TimeSpan now, TimeSpan guaranteed)
    {
        if ((State == ClaimState.Held && now >= LostAt) || (State == ClaimState.Waiting && now >= GuaranteedUntil))
        {
            return false;
        }

        if (_guaranteed is null || guaranteed > _guaranteed)
        {
            _guaranteed = guaranteed;
        }

        return true;
    }

    public void Queue()
    {
        if (State == ClaimState.Entering)
        {
            State = ClaimState.Waiting;
        }
    }

    /// <summary>Turns waiting into held. A grant that outran the reply only leaves its token, until the reply says that the claim is there.</summary>
    public bool TryGrant(FencingToken token, TimeSpan now, bool isReply)
    {
        switch (State)
        {
            case ClaimState.Entering when !isReply:
                Token = token;
                IsGrantPending = true;
                return false;
            case ClaimState.Entering or ClaimState.Waiting when now < LostAt:
                Token = token;
                State = ClaimState.Held;
                HeldSince = now;
                if (!Template.Terms.AutoRenew)
                {
                    End = now + Session.Duration;
                }

                return true;
            default:
                return false;
        }
    }

    public void Lose(TimeSpan releaseAt)
    {
        State = ClaimState.Lost;
        ReleaseAt = releaseAt;
    }

    public void Finish(ClaimState final) => State = final;

    /// <summary>The source behind <see cref="ILease.Lost"/>, made when somebody first asks for it: most leases are short and nobody does.</summary>
    public CancellationTokenSource LostSource()
    {
        _lost ??= new CancellationTokenSource();
        return _lost;
    }

    public CancellationTokenSource? LostSourceIfAny => _lost;

    /// <summary>The waiting caller's next look. Completes at once if something happened since its last one.</summary>
    public Task NextWake()
    {
        if (_woken)
        {
            _woken = false;
            return Task.CompletedTask;
        }

        _wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _wake.Task;
    }

    public void Wake()
    {
        if (_wake is { } wake)
        {
            _wake = null;
            wake.TrySetResult();
        }
        else
        {
            _woken = true;
        }
    }

    private static TimeSpan Earliest(TimeSpan a, TimeSpan b, TimeSpan c)
    {
        var earliest = a < b ? a : b;
        return earliest < c ? earliest : c;
    }
}
