using System.Runtime.CompilerServices;

namespace Coordination.Leases;

/// <summary>What can be done with a lease, and what state it must be in for it.</summary>
internal static class LeaseOperations
{
    public static async ValueTask RenewAsync(Claim claim, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RequireHeld(claim, "renewed");
        var session = claim.Session;
        var send = session.Engine.Clock.Now;
        try
        {
            await session.RenewNowAsync(claim, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw CancelledBy(exception, cancellationToken);
        }

        RequireHeld(claim, "renewed");
        if (!claim.Template.Terms.AutoRenew)
        {
            // Of two at once the later one may be the first to get here.
            var end = send + session.Duration;
            session.With(claim, c => c.End = end > c.End ? end : c.End);
        }
    }

    public static async ValueTask ProclaimAsync(Claim claim, string value, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RequireHeld(claim, "given a new value");
        try
        {
            if (!await claim.Session.SendValueAsync(claim, value, cancellationToken).ConfigureAwait(false))
            {
                throw LostError(claim, "It is no longer at the server.");
            }
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw CancelledBy(exception, cancellationToken);
        }
    }

    public static async ValueTask<string> DetachAsync(Claim claim, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RequireHeld(claim, "detached");
        var session = claim.Session;
        if (!session.IsOwned)
        {
            throw new InvalidOperationException(
                $"The lease on '{claim.Key.Resource}' renews itself and shares its session with others, so it cannot move. "
                + $"Make its lock with {nameof(LeaseOptions)}.{nameof(LeaseOptions.AutoRenew)} = false.");
        }

        try
        {
            return await DetachCoreAsync(claim, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw CancelledBy(exception, cancellationToken);
        }
    }

    private static async ValueTask<string> DetachCoreAsync(Claim claim, CancellationToken cancellationToken)
    {
        // A renewal that comes after the detachment would keep alive what is no longer ours.
        var session = claim.Session;
        using (await session.StopRenewalsAsync(cancellationToken).ConfigureAwait(false))
        {
            var sessionTicket = await session.SendDetachAsync(claim, cancellationToken).ConfigureAwait(false)
                ?? throw LostError(claim, "It is no longer at the server.");
            var ticket = LeaseTicket.Format(claim, sessionTicket);
            lock (claim)
            {
                if (!session.TryFinish(claim, ClaimState.Held))
                {
                    throw LostError(claim, "It was lost while it was detached.");
                }

                // Releasing it from now on, as `await using` does, must not take it from whoever attaches it.
                claim.ReleaseTask = Task.CompletedTask;
            }

            session.Engine.Telemetry.Ended(claim);
            session.Leave();
            return ticket;
        }
    }

    public static ValueTask ReleaseAsync(Claim claim, CancellationToken cancellationToken)
    {
        var task = StartRelease(claim);
        if (task.IsCompletedSuccessfully)
        {
            return ValueTask.CompletedTask;
        }

        return new ValueTask(cancellationToken.CanBeCanceled ? task.Observed().WaitAsync(cancellationToken) : task);
    }

    public static ValueTask DisposeAsync(Claim claim)
    {
        // A loss was told when it happened; disposing is the answer to it, not a place to tell it again.
        if (claim.Session.StateOf(claim) == ClaimState.Lost)
        {
            return ValueTask.CompletedTask;
        }

        var task = StartRelease(claim);
        return task.IsCompletedSuccessfully ? ValueTask.CompletedTask : Quietly(claim, task);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        static async ValueTask Quietly(Claim claim, Task task)
        {
            try
            {
                await task.ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                var engine = claim.Session.Engine;
                engine.Log.ReleaseFailed(exception, claim.Key.Resource, engine.Backend.Description.Name, claim.Key.Id);
            }
        }
    }

    /// <summary>The first call starts the release; later ones join it, or start another if it failed.</summary>
    private static Task StartRelease(Claim claim)
    {
        var session = claim.Session;
        if (session.StateOf(claim) == ClaimState.Lost)
        {
            return Task.FromException(LostError(claim, "Its deadline had passed, or the server had dropped it, before it was released."));
        }

        var isFirst = session.TryBeginRelease(claim);
        if (isFirst)
        {
            session.Engine.Telemetry.Ended(claim);
        }

        // Serializes the releases of this one claim, which nearly always has but one.
        lock (claim)
        {
            if (claim.ReleaseTask is null || HasFailedForNow(claim.ReleaseTask))
            {
                if (!isFirst && claim.ReleaseTask is null && session.StateOf(claim) == ClaimState.Lost)
                {
                    return Task.FromException(LostError(claim, "It was lost before it was released."));
                }

                if (!isFirst)
                {
                    session.BeginRelease();
                }

                claim.ReleaseTask = SendAsync(claim, isRetry: claim.ReleaseTask is not null);
            }
            else if (isFirst)
            {
                // Another call has begun it in the meantime.
                session.EndRelease();
            }

            return claim.ReleaseTask;
        }
    }

    private static bool HasFailedForNow(Task release) => release.IsFaulted && release.Exception.InnerException is not LeaseLostException;

    private static async Task SendAsync(Claim claim, bool isRetry)
    {
        var session = claim.Session;
        bool wasThere;
        try
        {
            try
            {
                wasThere = await session.SendReleaseAsync(claim.Key, CancellationToken.None).ConfigureAwait(false);
            }
            catch (CoordinationException exception) when (exception.IsTransient)
            {
                wasThere = await SendAgainAsync(claim, exception).ConfigureAwait(false);
                isRetry = true;
            }
        }
        catch
        {
            session.Owe(claim);
            session.EndRelease();
            throw;
        }

        session.EndRelease();

        // A first try may have been applied without an answer, or we have ended the session ourselves: then "not there" is what was wanted.
        if (!wasThere && !isRetry && !session.IsClosed)
        {
            throw LostError(claim, "The server no longer had it when it was released.");
        }
    }

    /// <summary>Tries again for as long as one operation may take.</summary>
    private static async Task<bool> SendAgainAsync(Claim claim, CoordinationException fault)
    {
        var engine = claim.Session.Engine;
        using var budget = engine.Limit.Begin(CancellationToken.None);
        try
        {
            await Task.Delay(Retry.FirstDelay, engine.Clock.TimeProvider, budget.Token).ConfigureAwait(false);
            return await engine.Retry.ExecuteAsync(
                static (claim, token) => claim.Session.SendReleaseAsync(claim.Key, token), claim, budget.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw fault;
        }
    }

    private static void RequireHeld(Claim claim, string what)
    {
        switch (claim.Session.StateOf(claim))
        {
            case ClaimState.Held:
                return;
            case ClaimState.Lost:
                throw LostError(claim, "Its deadline had passed, or the server had dropped it.");
            default:
                throw new InvalidOperationException($"The lease on '{claim.Key.Resource}' was released or detached, so it cannot be {what}.");
        }
    }

    /// <summary>The caller's own token, and not the request's, which is reused.</summary>
    private static OperationCanceledException CancelledBy(OperationCanceledException exception, CancellationToken caller) =>
        new(exception.Message, exception, caller);

    public static LeaseLostException LostError(Claim claim, string reason) => new(
        $"The lease on '{claim.Key.Resource}' ({claim.Session.Engine.Backend.Description.Name}, token {claim.Token}) was lost. {reason} "
        + "Others may have held the resource since; check what was done under it.");
}
