using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Coordination.Ecosystem.Tests.Samples;

/// <summary>What samples/Web/docker-compose.yml may say. A key that is not here is an error: it is misspelt, or its test is missing.</summary>
internal sealed class ComposeFile
{
    public string Name { get; set; } = "";

    public Dictionary<string, ComposeService> Services { get; set; } = [];

    public static ComposeFile Parse(string text) =>
        new DeserializerBuilder().WithNamingConvention(UnderscoredNamingConvention.Instance).Build().Deserialize<ComposeFile>(text);
}

internal sealed class ComposeService
{
    public ComposeBuild? Build { get; set; }

    public string? Image { get; set; }

    public List<string> Command { get; set; } = [];

    public Dictionary<string, string> Environment { get; set; } = [];

    public ComposeDeploy? Deploy { get; set; }

    public List<string> Ports { get; set; } = [];

    public List<string> Volumes { get; set; } = [];

    public List<string> DependsOn { get; set; } = [];

    public string? StopGracePeriod { get; set; }
}

internal sealed class ComposeBuild
{
    public string Context { get; set; } = "";

    public string Dockerfile { get; set; } = "";
}

internal sealed class ComposeDeploy
{
    public int Replicas { get; set; }
}
