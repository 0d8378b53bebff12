using System.Runtime.CompilerServices;
using Coordination.Backends;

namespace Coordination.Leases;

/// <summary>What asking about a claim came to.</summary>
internal enum Answer
{
    Granted,
    Waiting,
    Refused,
    SessionLost,

    /// <summary>The answer came after the deadline that it would have set or moved, or nobody waits for it any more.</summary>
    TooLate,
}

/// <summary>
/// The engine's side of a backend session: the register of its claims, their deadlines, and the one timer that watches them. Many claims
/// share it; it is renewed as one (<see cref="SessionRenewal"/>).
/// </summary>
/// <remarks>
/// One lock guards the session and its claims. Nothing is called under it: neither the backend, nor users' callbacks, nor the timer,
/// which a fake clock may run at once.
/// </remarks>
internal sealed partial class Session
{
    private readonly Engine _engine;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Claim> _claims = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ended = new();
    private readonly DeadlineTimer _timer;
    private readonly SessionRenewal _renewal;
    private readonly OwedReleases _owed;
    private int _releases;
    private bool _isEnded;
    private volatile bool _isClosed;
    private TimeSpan _guaranteedUntil;
    private TimeSpan _idleSince;
    private long _lastNumber;

    private Session(Engine engine, bool isOwned)
    {
        _engine = engine;
        IsOwned = isOwned;
        _timer = new DeadlineTimer(engine.Clock, Tick);
        _renewal = new SessionRenewal(engine, this);
        _owed = new OwedReleases(engine, this, _ended.Token);
    }

    /// <summary>Whether it belongs to one lease alone, which can then move to another process.</summary>
    public bool IsOwned { get; }

    public IBackendSession Backend { get; private set; } = null!;

    public TimeSpan Duration { get; private set; }

    /// <summary>Until when the server certainly keeps the session. Read under the lock, or as a hint.</summary>
    public TimeSpan GuaranteedUntil => _guaranteedUntil;

    public Engine Engine => _engine;

    public TimeSpan MarginFor(LeaseTerms terms) => terms.MarginFor(Duration);

    public static async ValueTask<Session> OpenAsync(Engine engine, SessionRequest request, bool isOwned, CancellationToken cancellationToken)
    {
        var session = new Session(engine, isOwned);
        try
        {
            var send = engine.Clock.Now;
            using var limit = engine.Limit.Begin(cancellationToken);
            try
            {
                session.Backend = await engine.Backend.OpenSessionAsync(request, session, limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException exception) when (limit.TimedOut)
            {
                throw limit.TimeoutError("open session", "*", exception);
            }

            session.Duration = session.Backend.Duration;
            session._guaranteedUntil = Guarantee.Until(send, session.Duration);
            session._idleSince = send;
            session._renewal.Start(send);
            if (!session.IsUsable())
            {
                // The hint that it is lost outran the call that opened it, or the call took longer than it lives.
                await session.DisposeBackendAsync().ConfigureAwait(false);
                throw new CoordinationException(
                    $"{engine.Backend.Description.Name} ended a session of {session.Duration} before it could be used. Try again.", isTransient: true);
            }
        }
        catch
        {
            session.Abort();
            throw;
        }

        session.Reschedule();
        engine.Maintenance.Due();
        return session;
    }

    public bool HasEnded
    {
        get
        {
            lock (_gate)
            {
                return _isEnded;
            }
        }
    }

    /// <summary>Whether new claims may still be made in it.</summary>
    public bool IsUsable()
    {
        lock (_gate)
        {
            return !_isEnded && _engine.Clock.Now < _guaranteedUntil;
        }
    }

    public bool TryAdd(Claim claim)
    {
        lock (_gate)
        {
            if (_isEnded || _engine.Clock.Now >= _guaranteedUntil)
            {
                return false;
            }

            claim.Number = ++_lastNumber;
            _claims.Add(claim.Key.Id, claim);
            return true;
        }
    }

    /// <summary>Sends a claim or asks how it stands, and takes the answer down. One request to the backend.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Answer> AskAsync(Claim claim, ClaimIntent intent, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var send = _engine.Clock.Now;
        lock (_gate)
        {
            claim.Sent(send);
        }

        ClaimResult result;
        using (var limit = _engine.Limit.Begin(timeout, cancellationToken))
        {
            try
            {
                result = await Backend.ClaimAsync(claim.Template.Ask(claim.Key, intent), limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException exception) when (limit.TimedOut)
            {
                throw claim.Failed(limit.TimeoutError("claim", claim.Key.Resource, exception));
            }
            catch (CoordinationException exception)
            {
                throw claim.Failed(exception);
            }
            catch (ObjectDisposedException) when (HasEnded)
            {
                // It ended, and the driver's session with it, before the request was sent.
                return Answer.SessionLost;
            }
        }

        return Answered(claim, send, result);
    }

    private Answer Answered(Claim claim, TimeSpan send, ClaimResult result)
    {
        if (result.Outcome == ClaimOutcome.SessionLost)
        {
            EndLost("the server says that the session has ended");
            return Answer.SessionLost;
        }

        TimeSpan due;
        Answer answer;
        var isLost = false;
        lock (_gate)
        {
            claim.Outage = null;
            answer = TakeDown(claim, send, result);
            if (answer == Answer.Refused && claim.State == ClaimState.Held)
            {
                // Its grant came while it was asked for, and came late: an acknowledged claim that is not there is gone for good.
                claim.Lose(TimeSpan.MaxValue);
                Remove(claim);
                isLost = true;
            }

            due = claim.NextDue;
        }

        if (isLost)
        {
            TellLost(claim, "it is no longer at the server");
        }

        _timer.At(due);
        return answer;
    }

    private Answer TakeDown(Claim claim, TimeSpan send, ClaimResult result)
    {
        if (result.Outcome == ClaimOutcome.Refused)
        {
            return Answer.Refused;
        }

        if (claim.State is ClaimState.Released or ClaimState.Gone or ClaimState.Lost)
        {
            return Answer.TooLate;
        }

        var now = _engine.Clock.Now;
        if (result.Remaining is { } remaining)
        {
            var guaranteed = Guarantee.Until(send, Duration, remaining);
            if (!claim.TryConfirm(now, guaranteed))
            {
                return Answer.TooLate;
            }

            // Where sessions are nothing but their claims, a claim's answer proves as much as a renewal's.
            _guaranteedUntil = Latest(_guaranteedUntil, guaranteed);
        }

        if (claim.State == ClaimState.Held)
        {
            return Answer.Granted;
        }

        if (result.Outcome == ClaimOutcome.Granted || claim.IsGrantPending)
        {
            // A win that comes after its own deadline is no win.
            var token = result.Outcome == ClaimOutcome.Granted ? result.Token : claim.Token;
            return claim.TryGrant(token, now, isReply: true) ? Answer.Granted : Answer.TooLate;
        }

        claim.Queue();
        claim.RecheckAt = result.RecheckAfter is { } wait ? _engine.Clock.After(wait) : TimeSpan.MaxValue;
        return Answer.Waiting;
    }

    /// <summary>Sends a renewal for this claim alone, now. The session is renewed with it.</summary>
    public ValueTask RenewNowAsync(Claim claim, CancellationToken cancellationToken) => _renewal.RenewNowAsync(claim, cancellationToken);

    /// <summary>Keeps renewals out while a lease moves away.</summary>
    public ValueTask<IDisposable> StopRenewalsAsync(CancellationToken cancellationToken) => _renewal.TakeTurnAsync(cancellationToken);

    /// <summary>Takes a claim out of the session if it still stands as the caller believes.</summary>
    /// <returns>Whether the caller now has to release it.</returns>
    public bool TryFinish(Claim claim, params ReadOnlySpan<ClaimState> from)
    {
        lock (_gate)
        {
            if (!from.Contains(claim.State))
            {
                return false;
            }

            claim.Finish(ClaimState.Released);
            Remove(claim);
            return true;
        }
    }

    /// <summary>Takes a held claim out of the session, which stays until <see cref="EndRelease"/>.</summary>
    public bool TryBeginRelease(Claim claim)
    {
        lock (_gate)
        {
            if (claim.State != ClaimState.Held)
            {
                return false;
            }

            claim.Finish(ClaimState.Released);
            Remove(claim);
            _releases++;
            return true;
        }
    }

    public void BeginRelease()
    {
        lock (_gate)
        {
            _releases++;
        }
    }

    public void EndRelease()
    {
        lock (_gate)
        {
            _releases--;
        }

        CloseIfOwned();
    }

    /// <summary>A waiting claim that is not at the server any more: its caller queues anew.</summary>
    public void Forget(Claim claim)
    {
        lock (_gate)
        {
            if (claim.State is ClaimState.Entering or ClaimState.Waiting)
            {
                claim.Finish(ClaimState.Gone);
            }

            Remove(claim);
        }
    }

    /// <summary>Sees to it that a claim which nobody wants any more does not stay at the server.</summary>
    public void Owe(Claim claim) => _owed.Add(claim.Key);

    /// <summary>Changes a claim under the session's lock, and the timer with it.</summary>
    public T With<T>(Claim claim, Func<Claim, T> change)
    {
        TimeSpan due;
        T result;
        lock (_gate)
        {
            result = change(claim);
            due = claim.NextDue;
        }

        _timer.At(due);
        return result;
    }

    /// <summary>Where the claim stands now by the clock, whether or not a timer has run.</summary>
    public ClaimState StateOf(Claim claim)
    {
        bool isLost;
        lock (_gate)
        {
            isLost = LoseIfDue(claim, _engine.Clock.Now);
            if (!isLost)
            {
                return claim.State;
            }
        }

        TellLost(claim, "its deadline passed without a confirmed renewal");
        return ClaimState.Lost;
    }

    /// <summary>How long holding is guaranteed without another renewal.</summary>
    public TimeSpan RemainingOf(Claim claim)
    {
        lock (_gate)
        {
            var remaining = claim.State == ClaimState.Held ? claim.LostAt - _engine.Clock.Now : TimeSpan.Zero;
            return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
        }
    }

    /// <summary>Whether the claim is held with enough left of it to be handed out.</summary>
    public bool IsHeldForLong(Claim claim)
    {
        lock (_gate)
        {
            return claim.State == ClaimState.Held && claim.LostAt - _engine.Clock.Now >= Duration / 6;
        }
    }

    /// <summary>The token behind <see cref="ILease.Lost"/>: cancelled already if the lease is lost by the clock.</summary>
    public CancellationToken LostTokenOf(Claim claim)
    {
        CancellationTokenSource source;
        lock (_gate)
        {
            source = claim.LostSource();
        }

        if (StateOf(claim) == ClaimState.Lost)
        {
            _engine.Log.Cancel(source);
        }

        return source.Token;
    }

    public Task NextWake(Claim claim)
    {
        lock (_gate)
        {
            return claim.NextWake();
        }
    }

    /// <summary>A lease that was forgotten without being released: its holder is told as if it were lost, and it is released.</summary>
    public void Leaked(Claim claim)
    {
        lock (_gate)
        {
            if (claim.State != ClaimState.Held)
            {
                return;
            }

            // Whoever goes by its Lost token alone has the promised time to stop; then the timer releases it.
            var stopBy = _engine.Clock.Now + MarginFor(claim.Template.Terms);
            claim.Lose(stopBy < claim.GuaranteedUntil ? stopBy : claim.GuaranteedUntil);
        }

        TellLost(claim, "it was garbage collected without being released");
        _timer.At(claim.ReleaseAt);
    }
}
