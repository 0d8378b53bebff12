using System.Text;

namespace Coordination.Redis;

/// <summary>The scripts that run in the masters: <c>Redlock/Scripts/*.lua</c>, each behind <c>common.lua</c>; those of resources behind <c>resource.lua</c>, what they try first, <c>queue.lua</c> and <c>rare.lua</c> too.</summary>
internal static class RedlockScripts
{
    private static readonly string Common = Read("common");
    private static readonly string Resource = Common + Read("resource");
    private static readonly string Queue = Read("queue") + Read("rare");

    /// <summary>One attempt to take a resource.</summary>
    public static RedisScript Claim { get; } = OfQueue("claim", first: Read("claim_first"));

    /// <summary>Takes a failed attempt back.</summary>
    public static RedisScript Forfeit { get; } = OfQueue("forfeit");

    /// <summary>Ends claims.</summary>
    public static RedisScript Release { get; } = OfQueue("release", first: Read("release_first"));

    /// <summary>Renews claims.</summary>
    public static RedisScript Renew { get; } = OfQueue("renew");

    /// <summary>Lets a lease enter a master that did not have it.</summary>
    public static RedisScript Join { get; } = OfQueue("join");

    /// <summary>Changes a lease's value.</summary>
    public static RedisScript SetValue { get; } = OfQueue("set_value");

    /// <summary>Renews a lease a last time, for another to take it over.</summary>
    public static RedisScript Detach { get; } = OfQueue("detach");

    /// <summary>Takes a detached lease over.</summary>
    public static RedisScript Attach { get; } = OfQueue("attach");

    /// <summary>Says what is there.</summary>
    public static RedisScript Inspect { get; } = OfQueue("inspect");

    /// <summary>Asks a master how it stands.</summary>
    public static RedisScript Hello { get; } = OfMaster("hello");

    /// <summary>Admits a master.</summary>
    public static RedisScript Admit { get; } = OfMaster("admit");

    private static RedisScript OfQueue(string name, string first = "") => new($"redlock/{name}", Resource + first + Queue + Read(name));

    private static RedisScript OfMaster(string name) => new($"redlock/{name}", Common + Read(name));

    private static string Read(string name)
    {
        using var stream = typeof(RedlockScripts).Assembly.GetManifestResourceStream($"Coordination.Redis.Redlock.Scripts.{name}.lua")
            ?? throw new InvalidOperationException($"The script {name} is not in the assembly.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
