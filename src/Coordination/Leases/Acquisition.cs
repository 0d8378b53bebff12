using System.Runtime.CompilerServices;
using Coordination.Backends;

namespace Coordination.Leases;

/// <summary>
/// One caller's way to a lease, the only one there is: enters a claim, waits for its turn, queues anew when the claim or its session is lost meanwhile,
/// and leaves nothing behind when the caller gives up.
/// </summary>
internal sealed class Acquisition
{
    /// <summary>How long a caller whose time is up waits for the server to hear of it, before that is left to the background.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    /// <summary>How often a claim that came to nothing is made anew at once. After that something is wrong, and it is tried again ever less often.</summary>
    private const int MaxFreshStarts = 3;

    private readonly Engine _engine;
    private readonly ClaimTemplate _template;
    private readonly ClaimIntent _intent;
    private readonly CancellationToken _caller;
    private readonly TimeSpan _giveUpAt;
    private TimeSpan _answerBy;
    private bool _isLastAttempt;
    private Claim? _claim;

    public Acquisition(Engine engine, ClaimTemplate template, TimeSpan timeout, CancellationToken caller)
    {
        _engine = engine;
        _template = template;
        _caller = caller;
        _intent = timeout == TimeSpan.Zero ? ClaimIntent.TryOnce : ClaimIntent.Queue;
        var now = engine.Clock.Now;
        _giveUpAt = timeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : now + timeout;
        AllowForAnswer(now);
    }

    private bool IsEndless => _giveUpAt == TimeSpan.MaxValue;

    /// <summary>Gets the lease's claim, or <see langword="null"/> when others held the resource until the time was up.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Claim?> RunAsync()
    {
        try
        {
            while (true)
            {
                var claim = await EnterAsync().ConfigureAwait(false);
                if (claim is null)
                {
                    return null;
                }

                if (claim.Session.IsHeldForLong(claim))
                {
                    return claim;
                }

                switch (await WaitAsync(claim).ConfigureAwait(false))
                {
                    case ClaimState.Held:
                        return claim;
                    case ClaimState.Released:
                        return null;
                    default:
                        // Lost while waiting. If it is the server's doing it is there; if not, it gets the time that a new call would get.
                        GiveUp();
                        AllowForAnswer(_engine.Clock.Now);
                        break;
                }
            }
        }
        catch (CoordinationException exception) when (_engine.IsDisposed)
        {
            // The request that was under way failed because of the disposal, or could not be told of it.
            GiveUp();
            throw new ObjectDisposedException(typeof(Coordinator).FullName, exception);
        }
        catch
        {
            GiveUp();
            throw;
        }
    }

    /// <summary>Until when the server must have answered: the caller's time or the operation timeout, whichever is longer.</summary>
    private void AllowForAnswer(TimeSpan now)
    {
        var least = now + _engine.Limit.Timeout;
        _answerBy = IsEndless || _giveUpAt < least ? least : _giveUpAt;
    }

    /// <summary>Enters a claim, and retries transient faults as long as the caller's time allows.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Claim?> EnterAsync()
    {
        CoordinationException fault;
        try
        {
            return await EnterOnceAsync(_caller).ConfigureAwait(false);
        }
        catch (CoordinationException exception) when (exception.IsTransient && _engine.Clock.Now < _answerBy)
        {
            fault = exception;
        }

        return await EnterAgainAsync(fault).ConfigureAwait(false);
    }

    private async ValueTask<Claim?> EnterAgainAsync(CoordinationException fault)
    {
        using var budget = _engine.Limit.Begin(_answerBy - _engine.Clock.Now, _caller);
        try
        {
            await Task.Delay(Retry.FirstDelay, _engine.Clock.TimeProvider, budget.Token).ConfigureAwait(false);
            return await _engine.Retry.ExecuteAsync(
                async token =>
                {
                    try
                    {
                        return await EnterOnceAsync(token).ConfigureAwait(false);
                    }
                    catch (CoordinationException exception)
                    {
                        fault = IsOutOfTime(exception) ? fault : exception;
                        throw;
                    }
                },
                budget.Token).ConfigureAwait(false);
        }
        catch (CoordinationException exception) when (IsOutOfTime(exception))
        {
            throw fault;
        }
        catch (OperationCanceledException) when (budget.TimedOut)
        {
            throw fault;
        }
    }

    /// <summary>The last attempt gets what is left of the time, and may end for that alone: what the server said before says more.</summary>
    /// <remarks>Not by the clock: a timer may fire a moment before the clock says so.</remarks>
    private bool IsOutOfTime(CoordinationException exception) =>
        exception is { IsTransient: true, InnerException: OperationCanceledException } && _isLastAttempt;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Claim?> EnterOnceAsync(CancellationToken cancellationToken)
    {
        for (var freshStarts = 0; ; freshStarts++)
        {
            ObjectDisposedException.ThrowIf(_engine.IsDisposed, typeof(Coordinator));
            if (freshStarts > MaxFreshStarts)
            {
                throw NoUsableAnswer();
            }

            var claim = _claim;
            if (claim is not null && !CanBeSentAgain(claim))
            {
                GiveUp();
                claim = null;
            }

            if (claim is null)
            {
                var session = await GetSessionAsync(cancellationToken).ConfigureAwait(false);
                claim = new Claim(session, new ClaimKey(_template.Resource, ClaimId.New()), _template);
                if (!session.TryAdd(claim))
                {
                    continue;
                }

                _claim = claim;
            }

            // The opening of a session may have taken some of the time.
            var left = _answerBy - _engine.Clock.Now;
            _isLastAttempt = left < _engine.Limit.Timeout;
            var limit = _isLastAttempt ? left : _engine.Limit.Timeout;
            switch (await claim.Session.AskAsync(claim, _intent, limit, cancellationToken).ConfigureAwait(false))
            {
                case Answer.Granted:
                case Answer.Waiting:
                    return claim;
                case Answer.Refused when _intent == ClaimIntent.TryOnce && claim.WasSentAgain:
                    // The other copy may come later, and be granted: it is released.
                    GiveUp();
                    return null;
                case Answer.Refused when _intent == ClaimIntent.TryOnce:
                    claim.Session.Forget(claim);
                    claim.Session.CloseIfOwned();
                    _claim = null;
                    return null;
                case Answer.TooLate:
                    // The server is slow, or the session nearly over and not renewed: a new claim would fare no better right now.
                    GiveUp();
                    throw NoUsableAnswer();
                default:
                    // The id is used up, or the session has ended: queue anew.
                    GiveUp();
                    break;
            }
        }
    }

    private CoordinationException NoUsableAnswer() => new(
        $"{_engine.Backend.Description.Name} answered 'claim' for '{_template.Resource}' too late for the lease's duration of {_template.Terms.Duration}, "
        + "or refused new claims and sessions several times in a row. Try again, or use a longer duration.",
        isTransient: true);

    /// <summary>The session is shared, so its errors do not know which resource its caller is after.</summary>
    private async ValueTask<Session> GetSessionAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _engine.Sessions.GetAsync(_template.Terms, cancellationToken).ConfigureAwait(false);
        }
        catch (CoordinationException exception) when (exception is not LeaseLostException)
        {
            throw new CoordinationException($"'{_template.Resource}' could not be claimed. {exception.Message}", exception.IsTransient, exception);
        }
    }

    /// <summary>
    /// An id that was not acknowledged within its first period may have been granted, have expired and been made again by a late copy: an old grant would
    /// then be believed. It is given up for a new one.
    /// </summary>
    private bool CanBeSentAgain(Claim claim) =>
        claim.State == ClaimState.Entering
        && _engine.Clock.Now < Guarantee.Until(claim.FirstSend ?? _engine.Clock.Now, claim.Session.Duration);

    /// <summary>Waits until the claim is held, gone, or given up because the time is up (then: released).</summary>
    private async ValueTask<ClaimState> WaitAsync(Claim claim)
    {
        var session = claim.Session;
        using var waiting = _engine.Telemetry.StartWaiting(_template);
        using var cancellation = _caller.UnsafeRegister(static state => WakeUp((Claim)state!), claim);
        session.With(claim, c => c.GiveUpAt = _giveUpAt);
        var failures = 0;
        while (true)
        {
            _caller.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_engine.IsDisposed, typeof(Coordinator));
            var state = session.StateOf(claim);
            if (state == ClaimState.Held)
            {
                if (session.IsHeldForLong(claim) || await TryRenewAsync(claim).ConfigureAwait(false))
                {
                    return ClaimState.Held;
                }

                continue;
            }

            if (state != ClaimState.Waiting)
            {
                return state == ClaimState.Released ? ClaimState.Gone : state;
            }

            if (_engine.Clock.Now >= _giveUpAt)
            {
                if (session.TryFinish(claim, ClaimState.Waiting))
                {
                    await SayFarewellAsync(claim).ConfigureAwait(false);
                    return ClaimState.Released;
                }

                continue;
            }

            if (session.With(claim, static c => c.TakeMustAsk()))
            {
                failures = await AskAgainAsync(claim).ConfigureAwait(false) ? 0 : failures + 1;
                if (failures > 0)
                {
                    var askAt = _engine.Clock.Now + Retry.DelayAfter(failures);
                    session.With(claim, c => c.RecheckAt = askAt);
                }

                continue;
            }

            await session.NextWake(claim).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> AskAgainAsync(Claim claim)
    {
        // No longer than the caller queues: an answer that is not there by then is no fault.
        using var budget = _engine.Limit.Begin(IsEndless ? Timeout.InfiniteTimeSpan : _giveUpAt - _engine.Clock.Now, _caller);
        try
        {
            // Never made again once it was acknowledged: if it is not there, its time was up.
            var answer = await claim.Session.AskAsync(claim, ClaimIntent.FindExisting, _engine.Limit.Timeout, budget.Token).ConfigureAwait(false);
            if (answer == Answer.Refused)
            {
                claim.Session.Forget(claim);
            }

            // An answer that came too late to be believed may have been the only word of a grant: it is asked for again, after a pause.
            return answer != Answer.TooLate;
        }
        catch (OperationCanceledException) when (budget.TimedOut)
        {
            return true;
        }
        catch (CoordinationException exception) when (exception.IsTransient)
        {
            // It goes on waiting: the claim is in the queue, and lives until its deadline.
            return false;
        }
    }

    /// <summary>A lease is not handed out with little left of it: it is renewed first.</summary>
    private async ValueTask<bool> TryRenewAsync(Claim claim)
    {
        try
        {
            await claim.Session.RenewNowAsync(claim, _caller).ConfigureAwait(false);
        }
        catch (CoordinationException exception) when (exception.IsTransient)
        {
            // What is left of it is still the caller's.
        }

        return claim.Session.StateOf(claim) == ClaimState.Held;
    }

    /// <summary>The time is up: tells the server, for a short while in the foreground, so that a caller who looks finds its place gone.</summary>
    private async ValueTask SayFarewellAsync(Claim claim)
    {
        var session = claim.Session;
        _claim = null;
        if (claim.Outage is { } outage)
        {
            session.Owe(claim);
            session.CloseIfOwned();
            throw new CoordinationException(
                $"{_engine.Backend.Description.Name} could not be reached when the time to wait for '{_template.Resource}' was up, so it is not known whether others held it. {outage.Message}",
                isTransient: true,
                outage);
        }

        try
        {
            var limit = Farewell < _engine.Limit.Timeout ? Farewell : _engine.Limit.Timeout;
            using var budget = _engine.Limit.Begin(limit, _caller);
            await session.SendReleaseAsync(claim.Key, budget.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is CoordinationException or OperationCanceledException)
        {
            session.Owe(claim);
        }

        session.CloseIfOwned();
    }

    /// <summary>Leaves nothing behind, without keeping the caller waiting: a claim that was sent is released in the background.</summary>
    private void GiveUp()
    {
        if (_claim is not { } claim)
        {
            return;
        }

        _claim = null;
        var session = claim.Session;
        var wasThere = session.TryFinish(claim, ClaimState.Entering, ClaimState.Waiting, ClaimState.Held);
        if (claim.FirstSend is not null && (wasThere || claim.State == ClaimState.Gone))
        {
            session.Owe(claim);
        }

        session.CloseIfOwned();
    }

    private static void WakeUp(Claim claim) => claim.Session.With(claim, static c =>
    {
        c.Wake();
        return true;
    });
}
