using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Implementations;

/// <summary>One that takes part in the contests.</summary>
/// <param name="Key">Its name on the command line.</param>
/// <param name="Name">Its name in tables and charts.</param>
/// <param name="Polls">Whether its waiters ask again and again, so that a hand-off takes long.</param>
/// <param name="Supports">On what it runs.</param>
/// <param name="Connect">Makes a client.</param>
internal sealed record Implementation(
    string Key, string Name, bool Polls, Func<Store, Primitive, bool> Supports, Func<Store, ClientSettings, Task<ILockClient>> Connect)
{
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
            throw new UsageException($"{implementation.Name} cannot be loaded: {exception.Message} Build again, or leave it out: --implementation.");
        }
        catch (StackExchange.Redis.RedisConnectionException exception)
        {
            throw new UsageException($"{implementation.Name} cannot connect to {settings.Connection}: {exception.Message}");
        }
    }
}
