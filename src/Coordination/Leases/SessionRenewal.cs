using Coordination.Backends;

namespace Coordination.Leases;

/// <summary>Renews a session with all its claims every third of its duration, one request in flight.</summary>
internal sealed class SessionRenewal(Engine engine, Session session)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private readonly AcknowledgedSends _acknowledged = new();
    private long _nextDueTicks = long.MaxValue;
    private long _missingSinceTicks = long.MaxValue;

    /// <summary>When the next renewal is due; never while one is under way.</summary>
    public TimeSpan NextDue => TimeSpan.FromTicks(Volatile.Read(ref _nextDueTicks));

    /// <summary>When the first renewal was, or will be, due that has not been confirmed: tries after one that failed do not move it.</summary>
    public TimeSpan MissingSince => TimeSpan.FromTicks(Volatile.Read(ref _missingSinceTicks));

    private TimeSpan Interval => session.Duration / 3;

    private bool ProvesPrevious => engine.Backend.Description.Evidence == RenewalEvidence.PreviousRequest;

    private TimeSpan Spacing => AcknowledgedSends.SpacingOf(session.Duration);

    public void Start(TimeSpan opened)
    {
        _acknowledged.Start(opened);
        Volatile.Write(ref _nextDueTicks, (opened + Interval).Ticks);
        Volatile.Write(ref _missingSinceTicks, (opened + Interval).Ticks);
    }

    public void StartIfDue(TimeSpan now)
    {
        lock (_gate)
        {
            if (now < NextDue)
            {
                return;
            }

            Volatile.Write(ref _nextDueTicks, long.MaxValue);
        }

        _ = RenewAllAsync();
    }

    /// <summary>Renews one claim, and the session with it, with a request that is sent after this call.</summary>
    public async ValueTask RenewNowAsync(Claim claim, CancellationToken cancellationToken)
    {
        RenewalResult result;
        using var limit = engine.Limit.Begin(cancellationToken);
        try
        {
            // The turn is part of the operation's time: those behind one that hangs do not wait for one another.
            using (await TakeTurnAsync(limit.Token).ConfigureAwait(false))
            {
                result = await SendAsync([claim], limit).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException exception) when (limit.TimedOut)
        {
            throw limit.TimeoutError("renew", claim.Key.Resource, exception);
        }

        if (result.Exceptions.Any(static exception => exception.Outcome == ClaimRenewalOutcome.Unconfirmed))
        {
            throw new CoordinationException(
                $"{engine.Backend.Description.Name} did not confirm 'renew' for '{claim.Key.Resource}': the part of it that keeps the claim did not answer. "
                + "The lease goes on until its deadline; the call can be made again.",
                isTransient: true);
        }
    }

    public async ValueTask<IDisposable> TakeTurnAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Turn(_turn);
    }

    private async Task RenewAllAsync()
    {
        var start = engine.Clock.Now;
        var next = start + Interval;
        try
        {
            using (await TakeTurnAsync(CancellationToken.None).ConfigureAwait(false))
            {
                var claims = new List<Claim>();
                session.CollectRenewable(claims);
                var send = engine.Clock.Now;
                using var limit = engine.Limit.Begin(TimeForAnswer(send), CancellationToken.None);
                await SendAsync(claims, limit).ConfigureAwait(false);

                // Sooner if what is held would be lost too soon after the regular moment, such as when the last reply proved little; but not in a rush, or before the next can prove more.
                var soonest = ProvesPrevious ? _acknowledged.NextProof ?? (send + Spacing) : start + (Interval / 4);
                var latest = session.RenewBy - (session.Duration / 6);
                next = latest < next ? latest : next;
                next = soonest > next ? soonest : next;
                Volatile.Write(ref _missingSinceTicks, next.Ticks);
            }
        }
        catch (CoordinationException exception)
        {
            engine.Log.RenewalFailed(exception, engine.Backend.Description.Name, session.Duration);

            // Sooner than the next regular one, but not in a rush.
            var now = engine.Clock.Now;
            var wait = (session.RenewBy - now) / 8;
            wait = wait > Retry.FirstDelay ? wait : Retry.FirstDelay;
            var soon = now + (wait < Interval / 4 ? wait : Interval / 4);
            next = soon < next ? soon : next;
        }
        catch (Exception exception)
        {
            engine.Log.Unexpected(exception, "renewal");
        }
        finally
        {
            lock (_gate)
            {
                Volatile.Write(ref _nextDueTicks, next.Ticks);
            }

            session.Reschedule();
        }
    }

    /// <summary>How long to wait for an answer: if it got lost, there must be time for another try before what is held is lost.</summary>
    private TimeSpan TimeForAnswer(TimeSpan now)
    {
        var left = session.RenewBy - now;
        var limit = left / 2;
        if (ProvesPrevious && left > Spacing)
        {
            // The other try moves nothing by itself; the one after it does, a spacing later. But nobody answers in no time.
            var half = (left - Spacing) / 2;
            var least = left / 8;
            limit = half > least ? half : least;
        }

        // Nothing that is held can be saved: what matters is the session.
        limit = limit > TimeSpan.Zero ? limit : Interval;
        limit = limit < Interval ? limit : Interval;
        return limit < engine.Limit.Timeout ? limit : engine.Limit.Timeout;
    }

    private async ValueTask<RenewalResult> SendAsync(List<Claim> claims, OperationLimit.Scope limit)
    {
        var keys = new ClaimKey[claims.Count];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = claims[i].Key;
        }

        var subject = keys.Length == 1 ? keys[0].Resource : $"{keys.Length} claims";
        var send = engine.Clock.Now;
        try
        {
            var result = await session.Backend.RenewAsync(keys, limit.Token).ConfigureAwait(false);
            var acknowledged = engine.Clock.Now;
            engine.Telemetry.Renewed(acknowledged - send, succeeded: true);
            if (result.IsSessionLost)
            {
                session.EndLost("the server says that the session has ended");
                return result;
            }

            // Where an acknowledgement proves only the request before it, that one's send time counts.
            session.Renewed(claims, result, ProvesPrevious ? _acknowledged.Add(send, acknowledged, session.Duration) : send);
            return result;
        }
        catch (ObjectDisposedException) when (session.HasEnded)
        {
            return RenewalResult.SessionLost;
        }
        catch (OperationCanceledException exception) when (limit.TimedOut)
        {
            engine.Telemetry.Renewed(engine.Clock.Now - send, succeeded: false);
            var error = limit.TimeoutError("renew", subject, exception);
            Failed(claims, error);
            throw error;
        }
        catch (CoordinationException exception)
        {
            engine.Telemetry.Renewed(engine.Clock.Now - send, succeeded: false);
            Failed(claims, exception);
            throw;
        }
    }

    private static void Failed(List<Claim> claims, CoordinationException exception)
    {
        foreach (var claim in claims)
        {
            claim.Failed(exception);
        }
    }

    private sealed class Turn(SemaphoreSlim semaphore) : IDisposable
    {
        public void Dispose() => semaphore.Release();
    }
}
