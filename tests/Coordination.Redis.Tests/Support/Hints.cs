using Coordination.Backends;

namespace Coordination.Redis.Tests.Support;

/// <summary>Keeps what a session's listener hears, and waits for it.</summary>
public sealed class Hints : ISessionListener
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly List<(string Id, FencingToken Token)> _grants = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _askAgain;

    /// <summary>The grants heard of so far, in their order.</summary>
    public IReadOnlyList<(string Id, FencingToken Token)> Grants
    {
        get
        {
            lock (_gate)
            {
                return [.. _grants];
            }
        }
    }

    /// <summary>Waits until a claim's grant is heard of.</summary>
    /// <param name="id">The claim.</param>
    /// <returns>Its token.</returns>
    public async Task<FencingToken> GrantOfAsync(string id)
    {
        await UntilAsync(() => _grants.Any(grant => grant.Id == id));
        return Grants.First(grant => grant.Id == id).Token;
    }

    /// <summary>Waits until it is said that all waiting claims are to be asked for again.</summary>
    public Task AskAgainAsync() => UntilAsync(() => _askAgain > 0);

    /// <inheritdoc/>
    public void OnGranted(string claimId, FencingToken token) => Note(() => _grants.Add((claimId, token)));

    /// <inheritdoc/>
    public void OnChanged(string? claimId) => Note(() => _askAgain += claimId is null ? 1 : 0);

    /// <inheritdoc/>
    public void OnClaimLost(string claimId)
    {
    }

    /// <inheritdoc/>
    public void OnSessionLost()
    {
    }

    /// <inheritdoc/>
    public void OnMaintenanceDue()
    {
    }

    private void Note(Action change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            change();
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (condition())
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(Limit);
        }
    }
}
