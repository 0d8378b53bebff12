using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Implementations;

/// <summary>One that takes part in the contests.</summary>
/// <param name="Key">Its name on the command line.</param>
/// <param name="Name">Its name in tables and charts.</param>
/// <param name="Polls">Whether its waiters ask again and again, so that a hand-off takes long.</param>
/// <param name="Supports">On what it runs.</param>
/// <param name="Connect">Makes a client.</param>
/// <param name="Assembly">What of others it needs, which may be missing.</param>
internal sealed record Implementation(
    string Key, string Name, bool Polls, Func<Store, Primitive, bool> Supports, Func<Store, ClientSettings, Task<ILockClient>> Connect, string? Assembly = null)
{
    /// <summary>Its name there: without a server nothing is polled.</summary>
    public string NameOn(Backend backend) => this == Catalog.Raw && backend.Store == Store.InMemory ? "SemaphoreSlim" : Name;

    /// <summary>Sees that it can be loaded, before a run begins.</summary>
    /// <exception cref="UsageException">It cannot.</exception>
    public void Load()
    {
        try
        {
            if (Assembly is not null)
            {
                // And what it rests on, which comes in packages of its own.
                foreach (var name in System.Reflection.Assembly.Load(Assembly).GetReferencedAssemblies())
                {
                    System.Reflection.Assembly.Load(name);
                }
            }
        }
        catch (Exception exception) when (UsageException.IsOfLoading(exception))
        {
            throw CannotLoad(exception);
        }
    }

    /// <summary>Makes a client.</summary>
    /// <exception cref="UsageException">Its package cannot be loaded, or its servers are not there.</exception>
    public static async Task<ILockClient> ConnectAsync(ClientSettings settings)
    {
        var implementation = Catalog.Find(settings.Implementation);
        try
        {
            return await implementation.Connect(BackendCatalog.Find(settings.Backend).Store, settings);
        }
        catch (Exception exception) when (UsageException.IsOfLoading(exception))
        {
            throw implementation.CannotLoad(exception);
        }
        catch (StackExchange.Redis.RedisConnectionException exception)
        {
            throw new UsageException($"{implementation.Name} cannot connect to {settings.Connection}: {exception.Message}");
        }
    }

    private UsageException CannotLoad(Exception exception) => new(
        $"The package {Name} cannot be loaded: {exception.Message.TrimEnd()} Build again, or leave it out: contention, handoff, failover and scale take --implementation.");
}
