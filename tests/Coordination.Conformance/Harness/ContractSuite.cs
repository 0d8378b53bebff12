using System.Runtime.CompilerServices;
using Coordination.Backends;

namespace Coordination.Conformance;

/// <summary>What the suites of the SPI's contract have: they play the engine, with sessions and claims in their own hands.</summary>
public abstract class ContractSuite(BackendFixture fixture) : ConformanceSuite(fixture)
{
    /// <summary>Opens a connection; each stands for a process.</summary>
    protected async Task<BackendConnection> ConnectAsync() => CleanUp(await Server.ConnectAsync());

    /// <summary>Opens a session on a connection of its own.</summary>
    protected async Task<SessionUnderTest> OpenAsync(TimeSpan? duration = null, string? ticket = null) =>
        await OpenAsync(await ConnectAsync(), duration, ticket);

    protected async Task<SessionUnderTest> OpenAsync(BackendConnection connection, TimeSpan? duration = null, string? ticket = null)
    {
        var listener = new RecordingListener();
        var session = await connection.Backend.OpenSessionAsync(
            new SessionRequest(duration ?? Duration) { Ticket = ticket }, listener, Cancellation);
        return CleanUp(new SessionUnderTest(connection, session, listener));
    }

    /// <summary>Who holds, and who waits, in order.</summary>
    protected async Task<(string[] Holders, string[] Waiters)> QueueAsync(SessionUnderTest session, string resource)
    {
        var snapshot = await InspectAsync(session, resource);
        return ([.. snapshot.Holders.Select(claim => claim.Id)], [.. snapshot.Waiters.Select(claim => claim.Id)]);
    }

    protected Task<ResourceSnapshot> InspectAsync(SessionUnderTest session, string resource) =>
        EventuallyAsync(() => session.Backend.InspectAsync(resource, holdersOnly: false, Cancellation));

    /// <summary>As the engine does: with the same id, until the connection is back.</summary>
    protected Task<T> EventuallyAsync<T>(Func<ValueTask<T>> call) => Time.EventuallyAsync(call, TimeSpan.FromSeconds(20));

    /// <summary>Waits, with renewals as the engine sends them, until a waiting claim is granted, by a hint or by asking again when the backend said.</summary>
    protected async Task<FencingToken> GrantedAsync(
        SessionUnderTest session, ClaimRequest request, TimeSpan within, [CallerArgumentExpression(nameof(request))] string what = "")
    {
        var start = Time.Now;
        var askAgain = TimeSpan.Zero;
        FencingToken? token = null;
        await Time.UntilAsync(
            async () =>
            {
                if (session.Listener.Granted.TryGetValue(request.Key.Id, out var told))
                {
                    token = told;
                }
                else if (Time.Since(start) >= askAgain)
                {
                    var result = await session.AskAsync(request);
                    token = result.Outcome == ClaimOutcome.Granted ? result.Token : null;
                    askAgain = result.RecheckAfter is { } recheck ? Time.Since(start) + recheck : TimeSpan.MaxValue;
                }

                return token is not null;
            },
            within,
            $"grant of {what}");
        return token!.Value;
    }
}
