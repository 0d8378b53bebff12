using Coordination.Backends;

namespace Coordination.Leases;

/// <summary>Takes over a lease that another process has detached: its session with its claim, in a session of its own.</summary>
internal static class Attachment
{
    public static async ValueTask<Claim> RunAsync(Engine engine, ClaimTemplate template, string ticket, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(engine.IsDisposed, typeof(Coordinator));
        var parsed = LeaseTicket.Parse(ticket, template, engine.Backend.Description.Name);
        cancellationToken.ThrowIfCancellationRequested();
        using var budget = engine.Limit.Begin(cancellationToken);
        Exception? fault = null;
        try
        {
            var session = await TakeOverAsync(engine, template, parsed.SessionTicket, budget.Token).ConfigureAwait(false);
            try
            {
                var claim = new Claim(session, new ClaimKey(parsed.Resource, parsed.ClaimId), template);
                if (!session.TryAdd(claim))
                {
                    throw Ended(engine, template);
                }

                // The ticket is used up: a fault from now on is tried again here, or the lease is nobody's.
                await engine.Retry.ExecuteAsync(
                    async token =>
                    {
                        try
                        {
                            await ConfirmAsync(claim, token).ConfigureAwait(false);
                        }
                        catch (CoordinationException exception)
                        {
                            fault = exception;
                            throw;
                        }
                    },
                    budget.Token).ConfigureAwait(false);
                return claim;
            }
            catch
            {
                // Not released: it may be another's by now. What is left of it ends by itself within one duration.
                session.Leave();
                throw;
            }
        }
        catch (OperationCanceledException exception) when (budget.TimedOut)
        {
            throw fault ?? budget.TimeoutError("attach", template.Resource, exception);
        }
    }

    private static async ValueTask ConfirmAsync(Claim claim, CancellationToken cancellationToken)
    {
        var session = claim.Session;
        var answer = await session.AskAsync(claim, ClaimIntent.FindExisting, session.Engine.Limit.Timeout, cancellationToken).ConfigureAwait(false);
        if (answer != Answer.Granted)
        {
            throw Ended(session.Engine, claim.Template);
        }

        // The rest of its time may be short. A renewal proves that it is there, and gives it its full duration.
        await session.RenewNowAsync(claim, cancellationToken).ConfigureAwait(false);
        if (session.StateOf(claim) != ClaimState.Held)
        {
            throw LeaseOperations.LostError(claim, "It ended while it was attached.");
        }
    }

    private static LeaseLostException Ended(Engine engine, ClaimTemplate template) => new(
        $"The detached lease on '{template.Resource}' ({engine.Backend.Description.Name}) had ended, or was attached already, before it could be attached.");

    private static async ValueTask<Session> TakeOverAsync(Engine engine, ClaimTemplate template, string ticket, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.Sessions.TakeOverAsync(template.Terms, ticket, cancellationToken).ConfigureAwait(false);
        }
        catch (CoordinationException exception) when (exception is not LeaseLostException)
        {
            throw new CoordinationException($"The lease on '{template.Resource}' could not be attached. {exception.Message}", exception.IsTransient, exception);
        }
    }
}
