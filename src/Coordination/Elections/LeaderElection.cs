using System.Runtime.CompilerServices;
using Coordination.Backends;
using Coordination.Leases;

namespace Coordination.Elections;

/// <summary>Leases on exclusive claims with a value that others can watch.</summary>
internal sealed class LeaderElection(Engine engine, ClaimTemplate template) : ILeaderElection
{
    private static readonly Func<Claim, ILeadership> Wrap = static claim => new Leadership(claim);

    public string Name => template.Resource;

    public string Candidate => template.Value;

    public ValueTask<ILeadership> CampaignAsync(string value, CancellationToken cancellationToken = default)
    {
        LeaseTerms.CheckValue(value, nameof(value));
        return new LeaseSource(engine, template with { Value = value }).AcquireAsync(Wrap, cancellationToken);
    }

    public ValueTask<ILeadership> AttachAsync(string ticket, CancellationToken cancellationToken = default) =>
        new LeaseSource(engine, template).AttachAsync(ticket, Wrap, cancellationToken);

    public async ValueTask<Leader?> GetLeaderAsync(CancellationToken cancellationToken = default) =>
        LeaderOf(await InspectAsync(cancellationToken).ConfigureAwait(false));

    public IAsyncEnumerable<Leader?> ObserveAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(engine.IsDisposed, typeof(Coordinator));
        return ObserveCoreAsync(cancellationToken);
    }

    private async IAsyncEnumerable<Leader?> ObserveCoreAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var observer = new LeaderObserver(engine, template.Resource, InspectAsync);
        await using var _ = observer.ConfigureAwait(false);
        var isFirst = true;
        Leader? last = null;
        while (true)
        {
            var leader = LeaderOf(await observer.NextAsync(cancellationToken).ConfigureAwait(false));
            if (isFirst || leader != last)
            {
                isFirst = false;
                last = leader;
                yield return leader;
            }
        }
    }

    private ValueTask<ResourceSnapshot> InspectAsync(CancellationToken cancellationToken) => engine.AskAsync(
        "inspect",
        template.Resource,
        (backend, token) => backend.InspectAsync(template.Resource, holdersOnly: true, token),
        cancellationToken);

    private static Leader? LeaderOf(ResourceSnapshot snapshot) =>
        snapshot.Holders is [{ Mode: ClaimMode.Exclusive, FencingToken: { } token } holder, ..] ? new Leader(holder.Value, token) : null;
}
