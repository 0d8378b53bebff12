using Coordination.Hosting;
using Microsoft.Extensions.Hosting;

namespace Coordination.Conformance;

/// <summary>The host that a recorded service runs in.</summary>
public sealed class HostIdentity(string name)
{
    private int _scopes;

    public string Name => name;

    /// <summary>What the service does when it has begun; by default it works until it is stopped.</summary>
    public Func<ILeadership?, CancellationToken, Task> Work { get; set; } = (_, token) => Task.Delay(Timeout.Infinite, token);

    /// <summary>How many scopes were made for terms, and how many of them are not disposed yet.</summary>
    public int OpenScopes { get; private set; }

    public int Scopes => _scopes;

    internal void Open()
    {
        _scopes++;
        OpenScopes++;
    }

    internal void Close() => OpenScopes--;
}

/// <summary>A scoped service: each term has one of its own.</summary>
public sealed class TermScope : IDisposable
{
    private readonly HostIdentity _host;

    public TermScope(HostIdentity host)
    {
        _host = host;
        host.Open();
    }

    public void Dispose() => _host.Close();
}

/// <summary>Writes down when it works.</summary>
public sealed class RecordedService(TermJournal journal, HostIdentity host, TermScope scope) : ILeaderElectedService
{
    public async Task ExecuteAsync(ILeadership leadership, CancellationToken stoppingToken)
    {
        _ = scope;
        journal.Begin(host.Name, leadership.FencingToken);
        try
        {
            await host.Work(leadership, stoppingToken);
        }
        finally
        {
            journal.End(host.Name);
        }
    }
}

/// <summary>A background service as there are many: it knows nothing of elections.</summary>
public sealed class RecordedBackgroundService(TermJournal journal, HostIdentity host, TermScope scope, IEnumerable<ILeadershipStatus> statuses) : BackgroundService
{
    private bool _hasRun;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _ = scope;
        Assert.False(_hasRun, "an instance was started twice");
        _hasRun = true;
        journal.Begin(host.Name, statuses.Single().FencingToken ?? default);
        try
        {
            await host.Work(null, stoppingToken);
        }
        finally
        {
            journal.End(host.Name);
        }
    }
}
