using Coordination.Backends;

namespace Coordination.InMemory;

/// <summary>A connection's handle on one of its sessions.</summary>
internal sealed class InMemorySession(InMemoryBackend backend, StoredSession session) : IBackendSession
{
    public TimeSpan Duration => session.Duration;

    public string Ticket => session.Ticket;

    public ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken) => backend.SendAsync(
        new InMemoryRequest(InMemoryOperation.Claim, request.Key.Resource, request.Key.Id),
        (session, request),
        static (store, now, state) => store.Claim(state.session, state.request, now),
        cancellationToken);

    public ValueTask<bool> ReleaseAsync(ClaimKey claim, CancellationToken cancellationToken) => backend.SendAsync(
        new InMemoryRequest(InMemoryOperation.Release, claim.Resource, claim.Id),
        (session, claim),
        static (store, now, state) => store.Release(state.session, state.claim, now),
        cancellationToken);

    public ValueTask<bool> SetValueAsync(ClaimKey claim, string value, CancellationToken cancellationToken) => backend.SendAsync(
        new InMemoryRequest(InMemoryOperation.SetValue, claim.Resource, claim.Id),
        (session, claim, value),
        static (store, _, state) => store.SetValue(state.session, state.claim, state.value),
        cancellationToken);

    public ValueTask<RenewalResult> RenewAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken) => backend.SendAsync(
        new InMemoryRequest(InMemoryOperation.Renew, string.Empty, string.Empty),
        (session, claims),
        static (store, now, state) => store.Renew(state.session, state.claims, now),
        cancellationToken);

    public ValueTask<bool> DetachAsync(ClaimKey claim, CancellationToken cancellationToken) => backend.SendAsync(
        new InMemoryRequest(InMemoryOperation.Detach, claim.Resource, claim.Id),
        (session, claim),
        static (store, now, state) => store.Detach(state.session, state.claim, now),
        cancellationToken);

    public async ValueTask EndAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken) => await backend.SendAsync(
        new InMemoryRequest(InMemoryOperation.EndSession, string.Empty, string.Empty),
        session,
        static (store, now, session) =>
        {
            store.End(session, now, isTold: false);
            return true;
        },
        cancellationToken).ConfigureAwait(false);

    // Nothing is held here: what is left at the server ends by itself.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
